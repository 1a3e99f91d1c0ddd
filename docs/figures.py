"""Draw the two figures of how-it-works.md: ``python docs/figures.py`` writes ``docs/pictures/data-flow.svg`` and ``algorithm.svg``.

Colours follow the reader's light or dark setting by a media query inside the file.
"""

from html import escape
from pathlib import Path

PICTURES = Path(__file__).parent / "pictures"

STYLE = """
  .ground { fill: #ffffff } .box { fill: #f3f6f9; stroke: #5b6b7a } .data { fill: #e6f0fa; stroke: #1f5f9e }
  .method { fill: #e9f5ec; stroke: #2c7a4b } .test { fill: #fff6e0; stroke: #9a6b00 } .group { fill: none; stroke: #5b6b7a; stroke-dasharray: 5 4 }
  text { font-family: "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1b2733; text-anchor: middle }
  .name { font-size: 15px; font-weight: 600 } .note { font-size: 12.5px; fill: #44525f } .path { font: 11.5px monospace; fill: #44525f }
  .edge { stroke: #44525f; fill: none; stroke-width: 1.5 } .tip { fill: #44525f } .back { stroke-dasharray: 5 4 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .box { fill: #1b232d; stroke: #8b9aa9 } .data { fill: #14283d; stroke: #6cb0f0 }
    .method { fill: #13291c; stroke: #63c48a } .test { fill: #2e2508; stroke: #d9a92e } .group { stroke: #8b9aa9 }
    text { fill: #e8eef4 } .note, .path { fill: #b4c0cc } .edge { stroke: #b4c0cc } .tip { fill: #b4c0cc }
  }
"""


class Figure:
    """An SVG drawing of boxes and arrows, in pixels."""

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
            f"<title>{escape(title)}</title><desc>{escape(description)}</desc><style>{STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">',
            '<path class="tip" d="M0 0 L10 5 L0 10 z"/></marker></defs>',
            f'<rect class="ground" width="{width}" height="{height}" rx="8"/>',
        ]

    def box(self, frame: tuple[int, int, int, int], kind: str, name: str, *notes: str, path: str = "") -> None:
        """Draw a box with its name, lines of notes and the package where it lies; ``frame`` is x, y, width and height."""
        x, y, width, height = frame
        lines = [("name", name, 20), *(("note", note, 17) for note in notes)]
        if path:
            lines.append(("path", path, 17))
        baseline = y + (height - sum(step for *_, step in lines)) / 2 - 4
        self._parts.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')
        for style, text, step in lines:
            baseline += step
            self._parts.append(f'<text class="{style}" x="{x + width / 2:g}" y="{baseline:g}">{escape(text)}</text>')

    def group(self, x: int, y: int, width: int, height: int, name: str) -> None:
        """Draw a dashed frame with a name at its top."""
        self._parts.append(f'<rect class="group" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>')
        self.text(x + width / 2, y + 21, name, "name")

    def text(self, x: float, y: float, text: str, kind: str = "note") -> None:
        """Write a line, centred."""
        self._parts.append(f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>')

    def arrow(self, *points: tuple[int, int], kind: str = "edge") -> None:
        """Draw a polyline with a tip at its end."""
        line = " ".join(f"{x},{y}" for x, y in points)
        self._parts.append(f'<polyline class="{kind}" points="{line}" marker-end="url(#tip)"/>')

    def svg(self) -> str:
        """Return the file's text."""
        return "\n".join([*self._parts, "</svg>"]) + "\n"


def data_flow() -> Figure:
    """Return the figure of types and what makes each from those before."""
    draw = Figure(
        1000,
        470,
        "From study and layers to a run and its pages",
        "Study and layers become a district, a walking network, travel times, a siting problem, a plan and a stored run; all pages read the run.",
    )
    draw.box((20, 30, 170, 78), "box", "Study", "the question, in YAML", path="study/")
    draw.box((20, 150, 170, 78), "box", "Layers", "files and databases", path="io/")
    draw.box((260, 90, 200, 78), "data", "District", "people, facilities, sites", path="district/")
    draw.box((260, 210, 200, 78), "data", "WalkNetwork", "junctions and streets, m", path="access/")
    draw.box((530, 150, 210, 78), "data", "TravelTimes", "demand × site, seconds, CSR", path="access/")
    draw.box((800, 150, 180, 78), "data", "SitingProblem", "arrays only", path="siting/build/")
    draw.box(
        (800, 300, 180, 94),
        "data",
        "Plan",
        "openings, assignments;",
        "objective, bound, gap",
        path="siting/optimiser.py",
    )
    draw.box((530, 308, 210, 78), "test", "Recount", "every rule, without the solver", path="siting/verify/")
    draw.box((260, 308, 200, 78), "data", "Run", "tables and manifest", path="store/")
    draw.box((20, 296, 170, 102), "box", "Reports", "map, meeting page,", "workbook, GeoPackage", path="report/")
    draw.arrow((190, 60), (225, 60), (225, 116), (260, 116))
    draw.arrow((190, 175), (225, 175), (225, 142), (260, 142))
    draw.arrow((190, 210), (225, 210), (225, 249), (260, 249))
    draw.arrow((460, 129), (495, 129), (495, 178), (530, 178))
    draw.arrow((460, 249), (495, 249), (495, 203), (530, 203))
    draw.arrow((740, 189), (800, 189))
    draw.arrow((190, 45), (890, 45), (890, 150))
    draw.text(560, 38, "services, circles, budgets, rules, goals")
    draw.arrow((890, 228), (890, 300))
    draw.arrow((800, 347), (740, 347))
    draw.arrow((530, 347), (460, 347))
    draw.arrow((260, 347), (190, 347))
    draw.arrow((105, 398), (105, 445), (8, 445), (8, 69), (20, 69), kind="edge back")
    draw.text(330, 449, "decisions of a meeting come back as locks: planner review")
    return draw


def algorithm() -> Figure:
    """Return the figure of the choice of method and of the steps of each."""
    draw = Figure(
        1000,
        900,
        "How a siting problem is solved",
        "Counts only: p-median methods. Large coverage problems: bound, heuristics and branch and cut. Everything else, and later goals: HiGHS. Every plan is recounted.",
    )
    draw.box((390, 20, 220, 60), "data", "SitingProblem", "a chain of goals")
    draw.box((345, 115, 310, 64), "test", "Which method for the first goal?", "by the rules that bind, and by size")
    draw.arrow((500, 80), (500, 115))

    draw.group(20, 225, 250, 400, "Only counts bind")
    draw.box((40, 265, 210, 80), "method", "Tabu search", "swaps, restarts: incumbent", path="tabu_search.py")
    draw.box((40, 385, 210, 80), "method", "Lagrangian bound", "reduced-cost fixing", path="lagrangian.py")
    draw.box(
        (40, 505, 210, 96),
        "method",
        "Branch and bound",
        "best bound first;",
        "swaps go on beside it",
        path="lagrangian.py",
    )
    draw.arrow((145, 345), (145, 385))
    draw.arrow((145, 465), (145, 505))

    draw.group(295, 225, 460, 400, "Coverage first, and large: matheuristic")
    draw.box((315, 265, 200, 80), "method", "First plan", "ruin and recreate, or tabu", path="ruin_recreate.py")
    draw.box((535, 265, 200, 80), "method", "Root bound", "master problem over buildings", path="benders/master.py")
    draw.box((315, 385, 200, 96), "method", "CMSA", "construct plans, merge,", "search their union", path="cmsa.py")
    draw.box(
        (535, 385, 200, 96),
        "method",
        "Benders cuts",
        "coverage: tangent planes",
        "capacity: transport duals",
        path="benders/*_cuts.py",
    )
    draw.box(
        (315, 520, 420, 84),
        "method",
        "Branch and cut",
        "best bound first, pseudocosts, dives for incumbents",
        path="benders/tree.py, node.py",
    )
    draw.arrow((515, 305), (535, 305))
    draw.arrow((612, 345), (612, 385))
    draw.arrow((658, 385), (658, 345))
    draw.arrow((535, 433), (515, 433))
    draw.arrow((390, 481), (390, 520))
    draw.arrow((440, 520), (440, 481))
    draw.arrow((612, 520), (612, 481))
    draw.arrow((658, 481), (658, 520))

    draw.group(780, 225, 200, 400, "Everything else")
    draw.box(
        (795, 265, 170, 96), "method", "Presolve", "merged covering sets,", "dominated bundles", path="mip/presolve.py"
    )
    draw.box((795, 401, 170, 80), "method", "Warm start", "from 200 bundles on", path="ruin_recreate.py")
    draw.arrow((880, 361), (880, 401))

    draw.arrow((345, 147), (145, 147), (145, 225))
    draw.arrow((500, 179), (500, 225))
    draw.arrow((655, 147), (880, 147), (880, 225))

    draw.box(
        (295, 675, 460, 84),
        "method",
        "HiGHS on the integer programme",
        "what is not proven yet, then goal after goal;",
        "each keeps what those before it reached",
    )
    draw.arrow((145, 625), (145, 717), (295, 717))
    draw.text(220, 708, "later goals")
    draw.arrow((525, 625), (525, 675))
    draw.text(702, 655, "bundles that cannot be in a better plan are left out")
    draw.arrow((880, 625), (880, 717), (755, 717))

    draw.box((295, 800, 210, 76), "data", "Plan", "objective, bound, gap, status", path="model/plan.py")
    draw.box((575, 800, 180, 76), "test", "Recount", "every rule, no solver", path="verify/")
    draw.arrow((400, 759), (400, 800))
    draw.arrow((505, 838), (575, 838))
    return draw


FIGURES = {"data-flow.svg": data_flow, "algorithm.svg": algorithm}

if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name, drawn in FIGURES.items():
        (PICTURES / name).write_text(drawn().svg(), encoding="utf-8", newline="\n")
