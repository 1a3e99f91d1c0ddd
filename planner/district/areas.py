"""Areas of a study on its district: which communities and places belong to each, and what holds for a service where."""

from __future__ import annotations

import difflib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.district.demand import community_of
from planner.study import COMMUNITY, OWN, own_keys, with_minutes

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from planner.district.findings import Findings
    from planner.study import Area, Service, Study


@dataclass(frozen=True, eq=False)
class AreaVariant:
    """A service as it is in some communities: ``communities`` bool[R + 1], the last for points outside all of them."""

    service: Service
    communities: NDArray[np.bool_]


def members(area: Area, communities: pd.DataFrame) -> NDArray[np.bool_]:
    """Return bool[R]: the communities of an area; a community is found by its id, or by its name."""
    if area.by != COMMUNITY:
        column = communities[area.by] if area.by in communities else communities["id"].map(lambda _: "")
        return np.asarray(column.astype(str).to_numpy() == area.name, dtype=np.bool_)
    by_id = communities["id"].astype(str).to_numpy() == area.name
    return np.asarray(by_id if by_id.any() else communities["name"].astype(str).to_numpy() == area.name, dtype=np.bool_)


def variants(study: Study, service: Service, communities: pd.DataFrame) -> tuple[AreaVariant, ...]:
    """Return a service as it is everywhere else, then as it is in every area that differs; each community is in one of them.

    Circles are those of every variant (`Study.circles_of`) up to the variant's own widest, so that the circle at one position is as wide in
    all of them. Of areas one inside the other the smaller decides, key by key.
    """
    own = {(position, key): value for position, name, key, value in own_keys(study.areas) if name == service.id}
    inside = {position: members(study.areas[position], communities) for position, _ in own}
    # The area that decides each key in each community, −1 for none; largest first, so that the smaller is written over it.
    deciding = np.full((len(OWN), len(communities) + 1), -1)
    for position, key in sorted(own, key=lambda one: -int(inside[one[0]].sum())):
        deciding[OWN.index(key), :-1][inside[position]] = position
    distinct, which = np.unique(deciding, axis=1, return_inverse=True)
    minutes = [circle.minutes for circle in study.circles_of(service)]
    found = []
    for number, areas in enumerate(distinct.T.tolist()):
        changes = {key: own[position, key] for key, position in zip(OWN, areas, strict=True) if position >= 0}
        varied = service.model_copy(update=changes)
        reached = [m for m in minutes if m <= varied.circles[-1].minutes]
        if len(reached) != len(varied.circles):
            varied = varied.model_copy(update={"circles": with_minutes(varied.circles, reached)})
        found.append(AreaVariant(varied, which.ravel() == number))
    return tuple(found)


def of_points(variant: AreaVariant, community: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return bool[n]: the points for which a variant holds; ``community`` int[n] is −1 outside all of them."""
    return np.asarray(variant.communities[community])


def places_in(places: NDArray[np.object_], communities: gpd.GeoDataFrame, study: Study) -> list[NDArray[np.bool_]]:
    """Return bool[J] for each area of the study: the places that stand in its communities."""
    at = community_of(places, communities)
    return [np.append(members(area, communities), False)[at] for area in study.areas]  # outside all of them


def check_areas(study: Study, communities: gpd.GeoDataFrame, places: gpd.GeoDataFrame, findings: Findings) -> None:
    """Report areas that name nothing, areas that contradict each other, and places outside all communities.

    Parameters
    ----------
    places
        Facilities and candidates: ``id``, ``geometry``.
    """
    if not study.areas:
        return
    inside = [members(area, communities) for area in study.areas]
    for position, (area, here) in enumerate(zip(study.areas, inside, strict=True)):
        layer = f"areas.{position}"
        if area.by == COMMUNITY:
            names = [*communities["id"].astype(str), *communities["name"].astype(str)]
            if here.sum() > 1:
                rows = communities.loc[here, "id"].astype(str).tolist()
                findings.error("area-ambiguous", layer, "", rows, name=area.name)
        else:
            names = communities[area.by].astype(str).tolist() if area.by in communities else []
        if not here.any() and names:
            near = difflib.get_close_matches(area.name, sorted(set(names)), n=1, cutoff=0.4)
            findings.error("area-unknown", layer, "", by=area.by, name=area.name, near=near[0] if near else "–")
    for one, other in itertools.combinations(own_keys(study.areas), 2):
        _check_contradiction(study, inside, one, other, findings)
    outside = community_of(places.geometry.to_numpy(), communities) < 0
    if outside.any():
        findings.note("area-outside", "areas", "", places.loc[outside, "id"].astype(str).tolist())


def _check_contradiction(
    study: Study,
    inside: list[NDArray[np.bool_]],
    one: tuple[int, str, str, object],
    other: tuple[int, str, str, object],
    findings: Findings,
) -> None:
    """Report two areas that give the same communities different values of one key."""
    first, second = inside[one[0]], inside[other[0]]
    shared = first & second
    smaller = first.sum() != second.sum() and (shared.sum() == first.sum() or shared.sum() == second.sum())
    same_name = (study.areas[one[0]].by, study.areas[one[0]].name) == (
        study.areas[other[0]].by,
        study.areas[other[0]].name,
    )
    if one[1:3] == other[1:3] and one[3] != other[3] and shared.any() and not smaller and not same_name:
        findings.error(
            "areas-contradict",
            f"areas.{one[0]}",
            "",
            one=study.areas[one[0]].name,
            other=study.areas[other[0]].name,
            key=f"services.{one[1]}.{one[2]}",
        )
