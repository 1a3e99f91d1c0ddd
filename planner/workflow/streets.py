"""From the street file to what people can walk: pieces joined as declared, estates closed off but for their open gates."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.access import Barriers, WalkNetwork, add_slopes, apply_barriers, raster_heights, read_network
from planner.access.network import StreetsError, finding_path
from planner.errors import Fault, StudyError, raise_all
from planner.i18n import translate

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.district import District
    from planner.study import Study


@dataclass(frozen=True, eq=False)
class StreetsAndBarriers:
    """The streets as people may use them, and what stands between a door and a street."""

    network: WalkNetwork
    walls: Barriers | None
    """None where the study has neither estates nor barriers."""


def read_streets(study: Study, folder: Path, district: District) -> StreetsAndBarriers:
    """Read the streets of ``study`` and put its estates, gates and barriers on them.

    Raises
    ------
    LayerError
        if the street file or the heights cannot be used, in the study's language; a `StreetsError`.
    StudyError
        if ``walking.open_gates`` or ``closed_gates`` name a gate that is not there.
    """
    try:
        return _walkable(study, folder, district)
    except StreetsError as fault:
        raise StreetsError(replace(fault.finding, where=finding_path(study, fault.finding)), study.language) from fault


def _walkable(study: Study, folder: Path, district: District) -> StreetsAndBarriers:
    streets = study.layers.streets
    network = read_network(
        folder / streets.path,
        district.crs,
        layer=streets.layer,
        source_crs=streets.crs,
        node_tolerance_m=streets.node_tolerance_m,
        crossings=streets.crossings,
        join_gaps_m=streets.join_gaps_m,
        least_piece_m=streets.least_piece_m,
    )
    walls = _walls(study, district)
    if walls is not None:
        network = apply_barriers(network, walls)
    if study.layers.elevation is not None:
        network = add_slopes(network, raster_heights(folder / study.layers.elevation.path, district.crs))
    return StreetsAndBarriers(network, walls)


def refuse_unknown_slopes(study: Study) -> None:
    """Refuse walking profiles that feel slopes where the study has no heights.

    Raises
    ------
    StudyError
        naming every such profile, in the study's language.
    """
    if study.layers.elevation is not None:
        return
    language = study.language
    faults = [
        Fault(
            f"walking.profiles.{walker}.slope: {profile.slope}",
            translate("no_heights", language),
            translate("add_heights", language),
        )
        for walker, profile in study.walking.profiles.items()
        if profile.slope != "ignored"
    ]
    raise_all(faults, StudyError, translate("slopes_refused", language))


def _walls(study: Study, district: District) -> Barriers | None:
    context = district.context
    if not len(context.estates) and not len(context.barriers):
        return None
    gates = context.gates
    return Barriers(
        estates=np.array(context.estates.geometry.array, dtype=object),
        gates_xy=np.column_stack([gates.geometry.x, gates.geometry.y]).reshape(-1, 2).astype(np.float64),
        gate_estate=gates["estate"].to_numpy(dtype=np.int32),
        gate_open=_open_gates(study, [str(gate) for gate in gates["id"]]),
        barriers=np.array(context.barriers.geometry.array, dtype=object),
    )


def _open_gates(study: Study, gates: list[str]) -> NDArray[np.bool_]:
    """Return which gates people may pass, bool[g]: all but the study's closed ones; a scenario opens or closes more."""
    faults = []
    language = study.language
    for key in ("open_gates", "closed_gates"):
        for gate in getattr(study.walking, key):
            if gate not in gates:
                near = difflib.get_close_matches(gate, gates, n=1)
                mend = translate("perhaps", language, near=near[0]) if near else ""
                faults.append(Fault(f"walking.{key}: {gate}", translate("no_such_gate", language), mend))
    raise_all(faults, StudyError, translate("gates_refused", language))
    closed = set(study.walking.closed_gates) - set(study.walking.open_gates)
    return np.array([gate not in closed for gate in gates], dtype=np.bool_)
