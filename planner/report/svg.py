"""Figures of a comparison as plain SVG: stability of sites, and coverage against cost."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.report.cartography import EMPTY, GROUND, INK, SERVICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

_CHOSEN = SERVICES[0]
_MAP_WIDTH, _MAP_HEIGHT = 760.0, 560.0
_WIDTH, _HEIGHT = 760.0, 420.0
_LEFT, _BOTTOM, _TOP, _RIGHT = 80.0, 52.0, 14.0, 40.0
_LABELLED = 24


def stability_map(
    communities: gpd.GeoDataFrame,
    existing: gpd.GeoDataFrame,
    sites: Sequence[tuple[float, float, float, str]],
    *,
    label: str,
) -> str:
    """Return a map of how often sites are chosen, over the outlines of communities.

    Parameters
    ----------
    communities, existing
        Polygons, and existing facilities, in metres.
    sites
        x, y, share of runs that choose it, and its tooltip.
    label
        Alternative text.
    """
    around = _frame(communities, existing, sites)
    scale = min(_MAP_WIDTH / max(around[2] - around[0], 1.0), _MAP_HEIGHT / max(around[3] - around[1], 1.0))

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - around[0]) * scale, (around[3] - y) * scale

    width, height = (around[2] - around[0]) * scale, (around[3] - around[1]) * scale
    shapes = shapely.simplify(communities.geometry.to_numpy(), 0.6 / scale, preserve_topology=True)
    outlines = "".join(_outline(shape, at) for shape in shapes)
    today = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2"/>' for x, y in (at(p.x, p.y) for p in existing.geometry)
    )
    marks = []
    for x, y, share, title in sorted(sites, key=lambda site: site[2]):
        across, down = at(x, y)
        ring = f' stroke="{INK}" stroke-width="2"' if share >= 1 else ""
        marks.append(
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="{4 + 8 * share:.1f}" fill="{_CHOSEN}"'
            f' fill-opacity="{0.25 + 0.65 * share:.2f}"{ring}><title>{escape(title)}</title></circle>'
        )
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}">'
        f'<rect width="100%" height="100%" fill="{GROUND}"/><path d="{outlines}" fill="#fff" stroke="{EMPTY}" fill-rule="evenodd"/>'
        f'<g fill="#8a969e">{today}</g>{"".join(marks)}</svg>'
    )


def cost_coverage_plot(points: Sequence[tuple[float, float, str]], *, across: str, up: str, label: str) -> str:
    """Return a plot of runs by cost (x) and share covered (y), with the Pareto front as a line.

    Parameters
    ----------
    points
        Cost, share 0…1, name of the run.
    across, up
        Labels of the axes.
    label
        Alternative text.
    """
    cost, share = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    across_at, up_at = _ticks(cost), [tick for tick in _ticks(share) if tick <= 1.0]
    left, right = min(across_at[0], float(cost.min())), max(across_at[-1], float(cost.max()))
    low, high = min(up_at[0], float(share.min())), max(up_at[-1], float(share.max()))

    def x(value: float) -> float:
        return _LEFT + (value - left) / (right - left) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _BOTTOM - _TOP)

    parts = []
    for value in across_at:
        parts.append(
            f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" stroke="{EMPTY}"/>'
        )
        parts.append(f'<text x="{x(value):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{value:,.0f}</text>')
    for value in up_at:
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="{EMPTY}"/>'
        )
        parts.append(f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{100 * value:.1f} %</text>')
    front = [(x(cost[i]), y(share[i])) for i in pareto_front(cost, share)]
    if len(front) > 1:
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in front)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{_CHOSEN}" stroke-width="1.5" stroke-dasharray="5 3"/>'
        )
    for value, part, name in points:
        title = f"{name}: {value:,.0f}, {100 * part:.1f} %"
        parts.append(
            f'<circle cx="{x(value):.1f}" cy="{y(part):.1f}" r="5" fill="{_CHOSEN}" fill-opacity="0.75">'
            f"<title>{escape(title)}</title></circle>"
        )
        if len(points) <= _LABELLED:
            anchor, shift = ("end", -8) if x(value) > _WIDTH * 0.6 else ("start", 8)
            short = name if len(name) <= 40 else f"{name[:39]}…"
            parts.append(
                f'<text x="{x(value) + shift:.1f}" y="{y(part) - 6:.1f}" text-anchor="{anchor}">{escape(short)}</text>'
            )
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>')
    parts.append(f'<text transform="translate(16 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>')
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def pareto_front(cost: NDArray[np.float64], share: NDArray[np.float64]) -> list[int]:
    """Return positions of the Pareto-optimal points, cheapest first."""
    found: list[int] = []
    for i in np.lexsort((-share, cost)):
        if not found or share[i] > share[found[-1]]:
            found.append(int(i))
    return found


def _frame(
    communities: gpd.GeoDataFrame, existing: gpd.GeoDataFrame, sites: Sequence[tuple[float, float, float, str]]
) -> tuple[float, float, float, float]:
    boxes = [communities.total_bounds]
    boxes += [existing.total_bounds] if len(existing) else []
    boxes += [np.array([x, y, x, y]) for x, y, _, _ in sites]
    stacked = np.array(boxes)
    low, high = stacked[:, :2].min(axis=0), stacked[:, 2:].max(axis=0)
    margin = 0.02 * float(max(high - low)) + 10.0
    return float(low[0] - margin), float(low[1] - margin), float(high[0] + margin), float(high[1] + margin)


def _outline(shape: shapely.Geometry, at: object) -> str:
    rings = []
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            points = [at(x, y) for x, y in ring.coords[:-1]]  # type: ignore[operator]
            rings.append("M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in points) + "Z")
    return "".join(rings)


def _ticks(values: NDArray[np.float64]) -> list[float]:
    """Return four to nine round numbers from just below the values to just above them."""
    low, high = float(values.min()), float(values.max())
    span = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span / 4))
    step *= max(factor for factor in (1, 2, 2.5, 5) if factor * step <= span / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * k for k in range(first, max(last, first + 1) + 1)]
