"""Many runs side by side: what each reaches and costs, where they differ, what holds in all of them.

Everything is read from run folders (manifest, study, parquet); nothing is solved or walked again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from planner.errors import OutputError
from planner.store.assumptions import assumptions_table
from planner.store.folders import APART, MADE_BY, kind_of
from planner.store.manifest import plain_json
from planner.store.measures import RunMeasures, measure
from planner.store.run import StoredRun
from planner.store.schema import schema
from planner.store.totals import overlaps_table, totals_table
from planner.study.layer_files import path_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from planner.study import Label, Language, Study


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs side by side, as ``planner/store/schema.toml`` declares them; people are the weighted demand of a service unless a group is named."""

    runs: pd.DataFrame
    coverage: pd.DataFrame
    worst: pd.DataFrame
    access: pd.DataFrame
    compliance: pd.DataFrame
    changes: pd.DataFrame
    sites: pd.DataFrame
    assumptions: pd.DataFrame
    overlaps: pd.DataFrame
    totals: pd.DataFrame

    def __post_init__(self) -> None:
        """Raise UndeclaredColumnError where the schema lacks a column."""
        for name, table in tables_of(self).items():
            schema()["comparison"][name].require_declared(table.columns)

    def as_json(self) -> str:
        """Return every table as a list of rows; what is not known is null."""
        tables = {name: json.loads(table.to_json(orient="records")) for name, table in tables_of(self).items()}
        return plain_json(tables)


@dataclass(frozen=True, eq=False)
class Setting:
    """One study: what its map shows below the sites, and what it calls things."""

    communities: gpd.GeoDataFrame
    existing: gpd.GeoDataFrame
    language: Language
    services: dict[str, Label]
    name: Label
    study: Study
    scenarios: dict[str, tuple[str, dict[str, str]]]
    """Run (``study/scenario``) → its scenario, and language → label of it (empty: it has none)."""


def find_runs(paths: Iterable[Path]) -> list[Path]:
    """Return the run folders that ``paths`` are or hold, up to two levels down; of reviews, those that are named.

    Raises
    ------
    OutputError
        if one of them holds no finished run.
    """
    found: list[Path] = []
    for path in paths:
        kind = kind_of(path)
        if kind not in {"run", "review", None}:
            msg = f"{path} holds {MADE_BY[kind][0]}, not a run; give folders that `planner plan` or `planner batch` has made"
            raise OutputError(msg)
        here = [path] if kind is not None else []
        below = sorted(
            manifest.parent
            for level in ("*", "*/*")
            for manifest in (path.glob(f"{level}/manifest.json") if path_kind(path) == "folder" else ())
        )
        below = [folder for folder in below if not any(part.startswith(".") for part in folder.relative_to(path).parts)]
        below = [folder for folder in below if kind_of(folder) == "run"]
        if not here and not below:
            msg = f"{path} holds no finished run; give folders that `planner plan` or `planner batch` has made"
            raise OutputError(msg)
        found += here or below
    return list(dict.fromkeys(found))


def compare(folders: Sequence[Path], *, base: str | None = None) -> tuple[Comparison, dict[str, Setting]]:
    """Compare finished runs.

    Parameters
    ----------
    folders
        Of runs, in the order in which they are to appear.
    base
        Scenario, or ``study/scenario``, against which differences are taken; by default ``base`` where a study has it,
        else its first run.

    Returns
    -------
    comparison, settings
        The tables, and the map of each study.

    Raises
    ------
    OutputError
        if a folder holds no finished run, nothing is called ``base``, or the runs count money in different currencies.
    """
    measured: list[RunMeasures] = []
    settings: dict[str, Setting] = {}
    first: dict[str, StoredRun] = {}
    for folder in folders:
        run = StoredRun.open(folder)
        name = _free(_called(folder.resolve()), [one.run for one in measured])
        measured.append(measure(run, name, folder))
        if measured[-1].study not in settings:
            first[measured[-1].study] = run
            places, existing = run.table("places"), run.table("existing")
            settings[measured[-1].study] = Setting(
                gpd.GeoDataFrame(run.table("communities")),
                gpd.GeoDataFrame(places[places["id"].isin(existing["place_id"])]),
                run.study.language,
                {service.id: service.name for service in run.study.services},
                run.study.name,
                run.study,
                {},
            )
        settings[measured[-1].study].scenarios[name] = (run.manifest.scenario, run.manifest.scenario_label)
    _refuse_currencies(measured)
    bases = _bases(measured, base)
    coverage = pd.concat([one.coverage for one in measured], ignore_index=True)
    by_key = coverage.set_index(["run", "service", "minutes", "group"])["covered_after"]
    base_of = {one.run: bases[one.study] for one in measured}
    against = pd.MultiIndex.from_arrays(
        [coverage["run"].map(base_of), *(coverage[key] for key in ("service", "minutes", "group"))]
    )
    coverage["change"] = coverage["covered_after"].to_numpy() - by_key.reindex(against).to_numpy()
    overlaps = overlaps_table(first)
    return Comparison(
        runs=pd.DataFrame([one.line for one in measured]),
        coverage=coverage,
        worst=pd.concat([one.worst for one in measured], ignore_index=True),
        access=pd.concat([one.access for one in measured], ignore_index=True),
        compliance=_of_all([one.compliance for one in measured]),
        changes=_changes(measured, bases),
        sites=_sites(measured),
        assumptions=assumptions_table([(one.study, one.settings, one.openings, one.covered) for one in measured]),
        overlaps=overlaps,
        totals=totals_table(
            [one.counted for one in measured if one.run == f"{one.study}/{one.scenario}" and overlaps.empty],
            list(dict.fromkeys(one.study for one in measured)),
        ),
    ), settings


def _of_all(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables below each other; the first where none has a row."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _refuse_currencies(measured: Sequence[RunMeasures]) -> None:
    """Refuse runs of different currencies: their costs cannot stand on one axis, and no exchange rate is known."""
    first: dict[str, str] = {}
    for one in measured:
        first.setdefault(str(one.settings["currency"]), one.run)
    if len(first) > 1:
        named = ", ".join(f"{run} ({currency})" for currency, run in first.items())
        msg = f"runs in different currencies cannot be compared: {named}; compare those of one currency"
        raise OutputError(msg)


def _called(folder: Path) -> str:
    """Return what a run is called: ``study/scenario``, and ``study/scenario@review`` for a review in its own place."""
    study, _, verb = folder.parent.name.partition(APART)
    return f"{study}/{folder.name}" + (f"{APART}{verb}" if verb else "")


def _free(name: str, taken: Sequence[str]) -> str:
    """Return ``name``, numbered if two folders would share it."""
    return (
        name
        if name not in taken
        else next(f"{name} ({i})" for i in range(2, len(taken) + 3) if f"{name} ({i})" not in taken)
    )


def _bases(measured: Sequence[RunMeasures], base: str | None) -> dict[str, str]:
    """Return the base of every study."""
    bases: dict[str, str] = {}
    for study in dict.fromkeys(one.study for one in measured):
        of_study = [run for run in measured if run.study == study]
        wanted = [one.run for one in of_study if base in (one.scenario, one.run)] if base else []
        wanted += [one.run for one in of_study if one.scenario == "base"]
        bases[study] = (wanted or [of_study[0].run])[0]
    if base and base not in {name for one in measured for name in (one.scenario, one.run)}:
        msg = f"--base {base}: no run is called so; there are {', '.join(one.run for one in measured)}"
        raise OutputError(msg)
    return bases


def _changes(measured: Sequence[RunMeasures], bases: dict[str, str]) -> pd.DataFrame:
    by_run = {one.run: one for one in measured}
    rows = []
    for one in measured:
        base = by_run[bases[one.study]]
        names = {**base.names, **one.names}
        for change, pairs in (("opened", one.openings - base.openings), ("dropped", base.openings - one.openings)):
            rows += [(one.run, base.run, place, names[place][0], service, change) for place, service in sorted(pairs)]
    return pd.DataFrame(rows, columns=["run", "base", "place_id", "name", "service", "change"])


def _sites(measured: Sequence[RunMeasures]) -> pd.DataFrame:
    """Return how often each site is chosen: first those that every run of the study chooses, the no-regret sites."""
    rows = []
    for study in dict.fromkeys(one.study for one in measured):
        of_study = [run for run in measured if run.study == study]
        names = {place: label for run in of_study for place, label in run.names.items()}
        for place, (name, x, y) in names.items():
            chosen = [one for one in of_study if place in one.names]
            counts = pd.Series(
                [service for one in chosen for at, service in one.openings if at == place]
            ).value_counts()
            served = sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0])))
            services = ";".join(f"{service}:{count}" for service, count in served)
            rows.append((study, place, name, len(chosen), len(of_study), len(chosen) / len(of_study), services, x, y))
    columns = ["study", "place_id", "name", "runs", "of", "share", "services", "x", "y"]
    table = pd.DataFrame(rows, columns=columns)
    order = {study: i for i, study in enumerate(dict.fromkeys(table["study"]))}
    rank = table.assign(_study=table["study"].map(order)).sort_values(
        ["_study", "share", "place_id"], ascending=[True, False, True], kind="stable"
    )
    return rank[columns].reset_index(drop=True)


def tables_of(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """Return the tables by name."""
    return {part.name: getattr(comparison, part.name) for part in fields(comparison)}
