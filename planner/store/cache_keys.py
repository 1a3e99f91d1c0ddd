"""What each stage depends on, and nothing else: ingredient → digest. Two runs that agree in these share the result.

The planner's own code and the libraries that compute are ingredients like any other, so that no result outlives them.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from planner.district.checks.locations import longest_walk_m
from planner.store.provenance import code_of, databases_in, fingerprint, hashes_in, versions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.study import Study


def of_layers(study: Study, folder: Path) -> dict[str, str]:
    """Return what the district depends on: every layer but the streets; groups, services and kinds; language; longest walk."""
    layers = study.layers.model_dump(mode="json", exclude={"streets": True, "communities": {"roll_up_names"}})
    return {
        "code": _code(
            "district", "io", libraries=("geopandas", "numpy", "osmium", "pandas", "pyarrow", "pyogrio", "shapely")
        ),
        "crs": fingerprint([study.crs, versions_of("pyproj")]),
        "groups": _groups(study),
        "language": fingerprint(study.language),
        "services": fingerprint([service.id for service in study.services]),
        "site_kinds": fingerprint(_plain(study, "site_kinds")),
        "longest walk": fingerprint(longest_walk_m(study)),
        **{f"layers.{name}": _held(block, folder) for name, block in _each(layers)},
    }


def of_streets(study: Study, folder: Path, crs: CRS) -> dict[str, str]:
    """Return what the walkable network depends on: its file, and the system its metres are in."""
    block = study.layers.streets.model_dump(mode="json")
    return {
        "code": _code(
            "access",
            "district",
            "io",
            "workflow/streets.py",
            libraries=("geopandas", "numpy", "osmium", "pyogrio", "scipy", "shapely"),
        ),
        "crs": fingerprint([crs.to_wkt(), versions_of("pyproj")]),
        "layers.streets": _held(block, folder),
        "walls, gates and heights": fingerprint(
            [
                _held(layer.model_dump(mode="json"), folder)
                for layer in (study.layers.estates, study.layers.gates, study.layers.barriers, study.layers.elevation)
                if layer is not None
            ]
        ),
        "open and closed gates": fingerprint([study.walking.open_gates, study.walking.closed_gates]),
    }


def of_walks(
    study: Study,
    walker: str,
    cutoff_s: float,
    streets: str,
    *,
    demand_xy: NDArray[np.float64],
    entrance_xy: NDArray[np.float64],
    entrance_of: NDArray[np.int32],
) -> dict[str, str]:
    """Return what one profile's doors and reach depend on: where people and places are, not how many or what they are."""
    profile = study.walking.profiles[walker].model_dump(mode="json", exclude={"name", "source"})
    return {
        "code": _code("access", "workflow/stages.py", libraries=("numba", "numpy", "shapely")),
        "streets": streets,
        "demand points": _bytes(demand_xy),
        "places": _bytes(entrance_xy) + _bytes(entrance_of),
        "walking profile": fingerprint(profile),
        "widest circle": fingerprint(cutoff_s),
        "walking.max_connector_m": fingerprint(study.walking.max_connector_m),
    }


def of_sheets(study: Study, layers: str, streets: str, walks: Mapping[str, str]) -> dict[str, str]:
    """Return what the tables of the ground depend on: what is on it, and how its columns are to be named."""
    return {
        "code": _code(
            "district",
            "access",
            "store",
            "workflow",
            "i18n",
            libraries=("geopandas", "numpy", "pandas", "pyarrow", "shapely"),
        ),
        "layers": layers,
        "streets": streets,
        **{f"walks of {walker}": digest for walker, digest in walks.items()},
        "groups": _groups(study),
        "language": fingerprint(study.language),
        "layers.communities.roll_up": fingerprint(study.layers.communities.roll_up),
        "walker of the first service": fingerprint(study.services[0].walker),
        "circles": fingerprint([[circle.minutes for circle in service.circles] for service in study.services]),
    }


def of_problem(study: Study, layers: str, walks: Mapping[str, str]) -> dict[str, str]:
    """Return what the siting question depends on: the ground, and everything the study says about money, rules and aims."""
    return {
        "code": _code("siting", libraries=("numpy", "pandas")),
        "layers": layers,
        **{f"walks of {walker}": digest for walker, digest in walks.items()},
        **{
            part: fingerprint(_plain(study, part))
            for part in ("budgets", "co_location", "site_kinds", "siting", "solver")
        },
        **{
            f"services.{service.id}": fingerprint(
                service.model_dump(
                    mode="json",
                    exclude={
                        **dict.fromkeys(("name", "glyph", "level", "figures", "standards"), True),
                        "sizes": {"__all__": {"name"}},
                    },
                )
            )
            for service in study.services
        },
        "services": fingerprint([service.id for service in study.services]),
        "layers.communities.roll_up": fingerprint(study.layers.communities.roll_up),
    }


def of_plan(problem: str) -> dict[str, str]:
    """Return what the answer depends on: the question, which names the solver's settings, and who answers it."""
    return {
        "code": _code("siting", libraries=("highspy", "numpy", "pulp", "scipy")),
        "problem": problem,
    }


def _code(*parts: str, libraries: Iterable[str]) -> str:
    return fingerprint([code_of(*parts), versions_of(*libraries)])


def _held(block: Any, folder: Path) -> str:
    """Return the digest of a layer and what its files hold; of one in a database never the same, for it may hold other rows."""
    return fingerprint([block, hashes_in(block, folder), uuid.uuid4().hex if databases_in(block) else ""])


def _groups(study: Study) -> str:
    """Return the digest of the demand groups in their order: who belongs to which decides whom a sum of heads counts once."""
    return fingerprint(
        [[name, group.model_dump(mode="json", exclude={"name"})] for name, group in study.groups.items()]
    )


def _plain(study: Study, part: str) -> Any:
    return study.model_dump(mode="json", include={part})[part]


def _each(layers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give every layer with its name, those of a list one by one."""
    for name, block in layers.items():
        if isinstance(block, list):
            yield from ((f"{name}.{i}", item) for i, item in enumerate(block))
        else:
            yield name, block


def _bytes(array: NDArray[np.generic]) -> str:
    return hashlib.sha256(f"{array.dtype}{array.shape}".encode() + array.tobytes()).hexdigest()
