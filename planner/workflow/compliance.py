"""Standards before and after the plan, area by area: what is there, what is required, what is short, and what would close it.

Amounts (``have_…``, ``need``) sum over the areas of a column to those of the district. What is reported of a larger area is the balance
of its parts: one street's surplus makes up for another's shortfall only in that row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.errors import Fault, StudyError, raise_all
from planner.i18n import join, languages, translate
from planner.siting.build.offers import sizes_of
from planner.store.schema import schema
from planner.study.standards import COMMUNITY, meant
from planner.workflow.baseline_people import Areas, areas_of
from planner.workflow.hubs import check_hub, hub_conditions
from planner.workflow.standard_measures import FORMS, OF_LARGER_AREAS, UNITS, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from planner.district import District
    from planner.study import Study
    from planner.study.standards import Standard
    from planner.workflow.standard_measures import Measured, MeasuredDistrict, Supply

#: relative rounding of sums of floor areas and people
ROUNDING = 1e-9
#: services under one roof from which a place is in the list of centres
SEVERAL = 2
_OF_A_STATE = ("have", "value", "at_least", "short", "verdict")


def thresholds(one: Standard, district: District) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the range of ``one`` in every cell, float64[c] each; NaN = no limit.

    Raises
    ------
    StudyError
        where the study names an area that does not exist, or two different ranges for a community.
    """
    n = len(district.communities) + 1
    low = np.full(n, np.nan if one.low is None else one.low)
    high = np.full(n, np.nan if one.high is None else one.high)
    set_by: dict[int, tuple[str, float | None, float | None]] = {}
    faults = []
    for column, areas in one.per_area.items():
        values = district.communities["id" if column == COMMUNITY else column].astype(str).to_numpy()
        for area, limits in areas.items():
            where = f"standards.override.{one.id}.per.{column}"
            cells = np.flatnonzero(values == area)
            if not len(cells):
                known = sorted(set(values.tolist()))
                faults.append(
                    Fault(where, f"there is no area {area}{meant(area, known)}", f"there are {', '.join(known[:20])}")
                )
            for cell in cells.tolist():
                before = set_by.setdefault(cell, (column, limits.low, limits.high))
                if before[1:] != (limits.low, limits.high):
                    faults.append(Fault(where, f"{area} has another figure than by {before[0]}", "keep one of them"))
                    break
            low[cells] = np.nan if limits.low is None else limits.low
            high[cells] = np.nan if limits.high is None else limits.high
    raise_all(faults, StudyError, f"the figures of {one.id} do not fit the areas of the district")
    return low, high


def refuse_unknown_areas(study: Study, district: District) -> None:
    """Raise StudyError where ``standards`` has figures for areas that do not exist, before anything is computed."""
    for one in study.standards.in_force:
        thresholds(one, district)


def compliance_table(district: MeasuredDistrict, supplies: Mapping[str, Supply]) -> pd.DataFrame:
    """Return every standard in every area, today and (where ``supplies`` has it) with the plan.

    Parameters
    ----------
    supplies
        ``today``, and ``plan`` in a run.

    Raises
    ------
    StudyError
        as `thresholds`.
    """
    # the cells of a standard: each community, and last what lies outside all of them
    cells = np.append(np.arange(len(district.district.communities)), -1)
    ways = areas_of(district.study, district.district, cells)
    parts = [part for one in district.study.standards.in_force for part in _of_standard(one, district, supplies, ways)]
    columns = [
        "level", "column", "area", "standard", "service", "kind", "unit", "name_zh", "name_en",
        *(f"{name}_{state}" for name in _OF_A_STATE for state in supplies),
        "low", "high", "need", "closing_service", "closing_size", "closing_openings", "closing_capital_cost",
        "closing_yearly_cost", *(f"missing_{code}" for code in languages()), "document", "clause", "verified", "note_zh",
        "note_en", "derived",
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    return table.astype(schema()["run"]["compliance"].types(columns))


def _of_standard(
    one: Standard, district: MeasuredDistrict, supplies: Mapping[str, Supply], ways: tuple[Areas, ...]
) -> Iterator[pd.DataFrame]:
    low, high = thresholds(one, district.district)
    measured = {state: measure(one, district, supply) for state, supply in supplies.items()}
    for of_states in zip(*measured.values(), strict=True):
        by_state = dict(zip(measured, of_states, strict=True))
        nothing = all(found.missing for found in by_state.values())
        for way in ways[:1] if nothing else ways:
            if way.level == "community" and one.measure in OF_LARGER_AREAS:
                continue
            frames = {state: _judged(one, found, (low, high), way) for state, found in by_state.items()}
            table = _joined(one, frames, by_state, way)
            if not nothing:
                table = table[table["there"]].reset_index(drop=True)
            if len(table):
                yield _with_closing(one, district.study, table, list(supplies)[-1])


def _judged(
    one: Standard, found: Measured, limits: tuple[NDArray[np.float64], NDArray[np.float64]], way: Areas
) -> pd.DataFrame:
    """Return value, amounts, requirement, shortfall and verdict of every area of a division."""
    n, form = len(way.names), FORMS[one.measure]

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(way.code, weights=values, minlength=n).astype(np.float64)

    have, base, unknown, asked = map(summed, (found.have, found.base, found.unknown, found.asked))
    low, high = (
        _agreed(values, found.base, way, default) for values, default in zip(limits, (one.low, one.high), strict=True)
    )
    need, short = np.full(n, np.nan), np.zeros(n)
    with np.errstate(invalid="ignore", divide="ignore"):
        if form == "ratio":
            value = np.where(base > 0, one.per * have / base, np.nan)
            need = summed(limits[0] * found.base / one.per)
            short = np.maximum(0.0, need - have)
            under, over = have < need * (1 - ROUNDING), value > high * (1 + ROUNDING)
        elif form == "inverse":
            value = np.where(have > 0, base / have, np.nan)
            need = summed(found.base / limits[1])
            short = np.maximum(0.0, need - have)
            under, over = np.zeros(n, dtype=np.bool_), have < need * (1 - ROUNDING)
        elif form in {"smallest", "largest"}:
            value, short = _of_each(one, found, limits, way)
            under = (value < low) if form == "smallest" else np.zeros(n, dtype=np.bool_)
            over = (value > high) if form == "largest" else np.zeros(n, dtype=np.bool_)
            if form == "largest":
                under = (short > 0) & ~over
        else:
            value = np.where(base > 0, have / base, np.nan) if form == "mean" else have
            need = low if form == "count" else need
            short = np.fmax(0.0, np.fmax(low - value, value - high))
            under, over = value < low, value > high
        if UNITS[one.measure] == "facilities":
            short = np.maximum(0.0, np.ceil(short - ROUNDING))
    if form in {"ratio", "count"}:  # nobody says: at least nothing says nothing
        silent = (asked > 0) & (unknown >= asked)
        value, short = np.where(silent, np.nan, value), np.where(silent, np.nan, short)
    limited = np.isfinite(low) | np.isfinite(high) | np.isfinite(need)
    verdict = np.where(over, "above", np.where(under, "below", "met")).astype(object)
    known = base > 0 if form == "inverse" else np.isfinite(value)
    # what the silent ones have may lift an amount to what is required: never a fault that is sure
    each = form in {"smallest", "largest"}
    open_ = (unknown > 0) & (verdict == ("met" if each else "below"))
    verdict[~limited | ~known | open_] = ""
    if found.missing:
        value, have, short = (np.full(n, np.nan) for _ in range(3))
        verdict = np.full(n, "", dtype=object)
    there = (np.nan_to_num(have) > 0) | (base != 0) | (asked > 0)
    if each or form == "mean" or one.measure == "hub_pass_rate":
        there = asked > 0
    return pd.DataFrame(
        {
            "have": have,
            "value": value,
            "at_least": (unknown > 0) & np.isfinite(value) & (not each),
            "short": np.where(limited & np.isfinite(have), short, np.nan),
            "verdict": verdict,
            "low": low,
            "high": high,
            "need": need,
            "unknown": unknown,
            "asked": asked,
            "no_base": np.isnan(base),
            "there": there,
        }
    )


def _of_each(
    one: Standard, found: Measured, limits: tuple[NDArray[np.float64], NDArray[np.float64]], way: Areas
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the smallest or largest figure of single facilities, and by how much those out of range are short."""
    n, area = len(way.names), way.code[found.cell]
    low, high = (values[found.cell] for values in limits)
    if FORMS[one.measure] == "smallest":
        value = np.full(n, np.inf)
        np.minimum.at(value, area, found.figure)
        short = np.fmax(0.0, low - found.figure)
    else:
        value = np.full(n, -np.inf)
        np.maximum.at(value, area, found.figure)
        short = ((found.figure < low) | (found.figure > high)).astype(np.float64)
    return np.where(np.isfinite(value), value, np.nan), np.bincount(area, weights=short, minlength=n).astype(np.float64)


def _agreed(
    values: NDArray[np.float64], base: NDArray[np.float64], way: Areas, default: float | None
) -> NDArray[np.float64]:
    """Return the threshold of every area: that of its communities where they agree, else their mean by what they relate to."""
    n = len(way.names)
    found = np.full(n, np.nan if default is None else default)
    if np.array_equal(values, np.full(len(values), values[0]), equal_nan=True):
        return found
    if way.level == "community":
        return values
    weight = np.where(np.isfinite(base) & np.isfinite(values), base, 0.0)
    for area in range(n):
        inside = way.code == area
        own = values[inside][:-1] if way.level == "all" and len(values) > 1 else values[inside]
        if len(own) and np.isfinite(own).all() and np.ptp(own) == 0:
            found[area] = own[0]
        elif weight[inside].sum() > 0 and np.isfinite(own).any():
            found[area] = float(np.average(np.nan_to_num(values[inside]), weights=weight[inside]))
    return found


def _joined(
    one: Standard, frames: Mapping[str, pd.DataFrame], measured: Mapping[str, Measured], way: Areas
) -> pd.DataFrame:
    """Return the rows of a division, the states beside each other."""
    last = list(frames.values())[-1]
    service = next(iter(measured.values())).service
    notes = {"zh": "", "en": ""} if one.note is None else one.note.texts()
    table = pd.DataFrame(
        {
            "level": way.level,
            "column": way.column,
            "area": way.names,
            "standard": one.id,
            "service": service,
            "kind": one.kind,
            "unit": UNITS[one.measure],
            "name_zh": one.name.zh,
            "name_en": one.name.en,
            **{f"{name}_{state}": frame[name] for name in _OF_A_STATE for state, frame in frames.items()},
            # the base of a pass rate, and so what it requires, is another with the plan
            **{name: last[name] for name in ("low", "high", "need")},
            "document": one.document,
            "clause": one.clause,
            "verified": one.verified,
            "note_zh": notes["zh"],
            "note_en": notes["en"],
            "derived": one.derived,
            "there": np.logical_or.reduce([frame["there"] for frame in frames.values()]),
        }
    )
    found = list(measured.values())[-1]
    for code in languages():
        table[f"missing_{code}"] = [
            _missing_text(found, float(unknown), float(asked), code, no_base=bool(no_base))
            for unknown, asked, no_base in zip(last["unknown"], last["asked"], last["no_base"], strict=True)
        ]
    return table


def _missing_text(found: Measured, unknown: float, asked: float, language: str, *, no_base: bool) -> str:
    if found.missing:
        parts = [translate(f"assess.missing.{key}", language, **values) for key, values in found.missing]
    else:
        parts = [translate("assess.missing.households", language)] if no_base else []
        if unknown > 0:
            parts.append(translate(f"assess.missing.{found.gap}", language, count=int(unknown), all=int(asked)))
    return join(parts, language, "clauses")


def _with_closing(one: Standard, study: Study, table: pd.DataFrame, state: str) -> pd.DataFrame:
    """Add the openings that close what is short at least capital, by the study's own figures; empty where it has none for it."""
    ways = [
        (service.id, size.id if service.sizes else "", amount, size.fit_out_cost, size.yearly_cost)
        for service in study.services
        for size in sizes_of(service)
        for amount in [{"places": size.capacity, "m2": size.area_m2, "facilities": 1.0}[UNITS[one.measure]]]
        if amount
    ] if one.measure in {"places", "service_m2", "all_m2", "facilities"} else []  # fmt: skip
    rows = []
    for service, short, verdict in zip(
        table["service"], table[f"short_{state}"], table[f"verdict_{state}"], strict=True
    ):
        mine = [way for way in ways if not service or way[0] == service]
        if not mine or verdict not in {"below", ""} or not short > 0:
            rows.append(("", "", np.nan, np.nan, np.nan))
            continue
        counted = [(int(np.ceil(short / way[2] - ROUNDING)), way) for way in mine]
        count, way = min(counted, key=lambda pair: (pair[0] * pair[1][3], pair[0], pair[1][0], pair[1][1]))
        rows.append((way[0], way[1], float(count), float(count * way[3]), float(count * way[4])))
    names = ["closing_service", "closing_size", "closing_openings", "closing_capital_cost", "closing_yearly_cost"]
    return table.assign(**{name: [row[i] for row in rows] for i, name in enumerate(names)})


def hubs_table(district: MeasuredDistrict, supplies: Mapping[str, Supply]) -> pd.DataFrame:
    """Return every place with several services, today and with the plan, with each condition of a centre and by how much it fails."""
    study, communities = district.study, district.district.communities
    conditions = hub_conditions(study)
    order = {service.id: k for k, service in enumerate(study.services)}
    columns = schema()["run"]["hubs"].names()
    ids = np.array([*communities["id"], ""], dtype=object)
    rows = []
    for state, supply in supplies.items():
        for place, services in supply.services_by_place.items():
            if len(services) < SEVERAL:
                continue
            area_m2 = float(supply.place_m2[place])
            found = check_hub(conditions, services, area_m2)
            rows.append(
                {
                    "state": state,
                    "place_id": district.place_ids[place],
                    "name": district.place_names[place],
                    "community_id": ids[district.cell_of_place[place]],
                    "services": ";".join(sorted(services, key=order.__getitem__)),
                    "n_services": len(services),
                    "area_m2": area_m2,
                    "min_area_m2": conditions.min_area_m2,
                    "area_short_m2": found.area_short_m2,
                    "min_services": conditions.min_services,
                    "services_short": found.services_short,
                    "n_core": found.n_core,
                    "min_core": conditions.min_core,
                    "core_short": found.core_short,
                    "verdict": found.verdict,
                }
            )
    table = pd.DataFrame(rows, columns=columns).astype(schema()["run"]["hubs"].types(columns))
    rank = table["verdict"].map({"fails": 0, "": 1, "passes": 2}).to_numpy(dtype=np.float64)
    earlier = (table["state"] != list(supplies)[-1]).to_numpy(dtype=np.bool_)
    return table.iloc[np.lexsort((table["place_id"].to_numpy(dtype=str), rank, earlier))].reset_index(drop=True)
