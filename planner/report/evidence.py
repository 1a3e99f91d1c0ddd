"""Provenance of a study's figures: sources, estimates, assumptions, unverified figures and notes, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from planner.i18n import messages, money_label, translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.study import Language, Service, SiteKind, Study

Kind = Literal["note", "estimate", "unverified", "assumption", "cited", "verified", "source"]
#: fields of a service and of a kind of site whose provenance is reported
SERVICE_FIGURES = (
    "demand",
    "circles",
    "area_m2",
    "fit_out_cost",
    "yearly_cost",
    "capacity",
    "min_load",
    "participation",
    "max_storey",
    "min_storey",
    "needs_lift_from_storey",
)
SITE_FIGURES = (
    "area_share",
    "setup_cost",
    "setup_cost_per_m2",
    "yearly_cost",
    "storey",
    "lift",
    "ready_year",
)


@dataclass(frozen=True)
class EvidenceRow:
    """Provenance of one figure, or a note."""

    kind: Kind
    subject: str
    """Name of what the figure belongs to."""
    figure: str
    """Name of the figure, with its unit."""
    value: str
    source: str
    clause: str = ""


def evidence_rows(study: Study, language: Language) -> tuple[EvidenceRow, ...]:
    """Return every note, estimate, figure and source of ``study``, least certain first."""
    rows = [
        *(EvidenceRow("note", "", "", note.text(language), "") for note in study.notes),
        *_people(study, language),
        *_cells(study, language),
        *_storeys(study, language),
        *_walkers(study, language),
        *(
            row
            for service in study.services
            for row in _figures(study, service, service.name.text(language), SERVICE_FIGURES, language)
        ),
        *(
            row
            for kind in study.site_kinds.values()
            for row in _figures(study, kind, kind.name.text(language), SITE_FIGURES, language)
        ),
        *(EvidenceRow("source", "", "", source, source) for source in study.credits),
    ]
    order: tuple[Kind, ...] = ("note", "estimate", "unverified", "assumption", "cited", "verified", "source")
    return tuple(sorted(rows, key=lambda row: order.index(row.kind)))


def _people(study: Study, language: Language) -> Iterator[EvidenceRow]:
    for people in study.layers.people:
        groups = ", ".join(study.groups[group].name.text(language) for group in people.groups if group in study.groups)
        basis = translate(people.basis, language)
        yield EvidenceRow(
            kind="estimate" if people.estimates else "cited",
            subject=groups,
            figure=translate("report.figure.people", language),
            value="; ".join(dict.fromkeys(people.estimates.values())) or basis,
            source=f"{people.source} ({basis}, {people.year})",
        )


def _cells(study: Study, language: Language) -> Iterator[EvidenceRow]:
    cells = study.layers.communities.cells
    if cells is not None:
        side = f" ({study.layers.communities.cell_m:g} m)" if cells == "grid" else ""
        yield EvidenceRow(
            kind="assumption",
            subject=translate("community", language),
            figure=translate("report.figure.cells", language),
            value=translate(f"cells.{cells}", language) + side,
            source="",
        )


def _storeys(study: Study, language: Language) -> Iterator[EvidenceRow]:
    if study.layers.buildings is not None:
        yield EvidenceRow(
            kind="assumption",
            subject=translate("buildings", language),
            figure=translate("report.figure.assumed_storeys", language),
            value=f"{study.layers.buildings.assumed_storeys:g}",
            source="",
        )


def _walkers(study: Study, language: Language) -> Iterator[EvidenceRow]:
    for name, profile in study.walking.profiles.items():
        yield EvidenceRow(
            kind="cited" if profile.source else "assumption",
            subject=study.walking.name_of(name, language),
            figure=translate("report.figure.speed_m_s", language),
            value=f"{profile.speed_m_s:g}",
            source=profile.source,
        )


def _figures(
    study: Study, block: Service | SiteKind, subject: str, fields: tuple[str, ...], language: Language
) -> Iterator[EvidenceRow]:
    groups = {name: group.name.text(language) for name, group in study.groups.items()}
    for field in fields:
        value = getattr(block, field)
        cited = block.figures.get(field)
        if cited is None and value == type(block).model_fields[field].default:
            continue  # a default is no assumption
        kind: Kind = "assumption" if cited is None else "verified" if cited.verified else "unverified"
        yield EvidenceRow(
            kind=kind,
            subject=subject,
            figure=figure_name(field, language, study.currency),
            value=_as_text(value, groups, language),
            source="" if cited is None else cited.source,
            clause="" if cited is None else cited.clause,
        )


def figure_name(field: str, language: Language, currency: str) -> str:
    """Return the name of a field of the study, with its unit."""
    key = f"report.figure.{field}"
    return translate(key, language, currency=money_label(language, currency)) if key in messages(language) else field


def _as_text(value: Any, groups: Mapping[str, str], language: Language) -> str:
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, int | float):
        return f"{value:,.10g}"
    if isinstance(value, dict):
        return ", ".join(
            f"{groups.get(key, key)} × {_as_text(weight, groups, language)}" for key, weight in value.items()
        )
    if isinstance(value, list):
        minutes = [translate("report.minutes_short", language, minutes=circle.minutes) for circle in value]
        return ", ".join(f"{text}: {circle.weight:g}" for text, circle in zip(minutes, value, strict=True))
    return "–" if value is None else str(value)
