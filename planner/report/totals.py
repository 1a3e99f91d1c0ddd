"""A city's totals in words, for the end of a batch or a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.report.indicators import COUNTED, aligned, line_of
from planner.words import percent, say, whole, yuan

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.study import Label, Language


def totals_lines(
    totals: pd.DataFrame, missing: Mapping[tuple[str, str], str], labels: Mapping[str, Label], language: Language
) -> tuple[str, ...]:
    """Return a block of lines for each scenario that more than one district was asked for; none for a single district.

    Parameters
    ----------
    totals, missing, labels
        As `planner.store.totals.CityTotals` holds them.
    language
        Of the words.
    """
    lines: list[str] = []
    for scenario, table in totals.groupby("scenario", sort=False):
        rows = table.to_dict("records")
        lacking = {study: why for (name, study), why in missing.items() if name == scenario}
        if rows[0]["studies"] + sum(why == "failed" for why in lacking.values()) < 2:
            continue
        head = say("batch.totals", language, scenario=scenario, studies=rows[0]["studies"])
        lines += ["", head, *aligned([*(_covered(row, labels, language) for row in rows), *_sums(rows[0], language)])]
        if lacking:
            names = [say(f"batch.missing_{why}", language, study=study) for study, why in lacking.items()]
            lines.append(say("batch.totals_missing", language, names=("、" if language == "zh" else ", ").join(names)))
    return tuple(lines)


def overlap_lines(overlaps: pd.DataFrame, language: Language) -> tuple[str, ...]:
    """Return why districts are not added up, a line for each pair that overlaps; none where they lie side by side."""
    return tuple(
        say(
            "batch.overlap",
            language,
            study=row["study"],
            other=row["other"],
            people=whole(row["people"]),
            share=percent(row["share"]),
        )
        for row in overlaps.to_dict("records")
    )


def _covered(row: dict[Any, Any], labels: Mapping[str, Label], language: Language) -> tuple[str, str]:
    label = labels[row["service"]].text(language)
    text = line_of(
        {name: float(row[name]) for name in COUNTED},
        language,
        limited=bool(row["limited"]),
        weighted=bool(row["weighted"]),
    )
    if row["counted_in"] < row["studies"]:
        text += say("batch.totals_part", language, part=row["counted_in"], studies=row["studies"])
    return f"{label} · {say('report.minutes_short', language, minutes=row['minutes'])}", text


def _sums(row: dict[Any, Any], language: Language) -> list[tuple[str, str]]:
    return [
        (say("report.sites_opened", language), whole(row["sites"])),
        (say("report.services_opened", language), whole(row["services"])),
        (say("report.capital", language), yuan(row["capital_yuan"], language)),
        (say("report.yearly", language), yuan(row["yearly_yuan"], language)),
    ]
