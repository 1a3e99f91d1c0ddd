"""The town's people: published figures, the estimate of its age bands, and their spread over quarters."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

YEAR_END = "2020-12-31"
TOWN_TOTAL = 63_372
TOWN_SOURCE = "https://de.wiki.li/Liste_der_gr%C3%B6%C3%9Ften_St%C3%A4dte_in_Mecklenburg-Vorpommern"
TOWN_SAYS = (
    "Table of the largest towns at 31 December 2020 after Statistisches Amt M-V, Bevölkerungsstand der Kreise, "
    "Ämter und Gemeinden 2020 (Fortschreibung des Zensus 2011): Neubrandenburg 63.372"
)
COUNTY_SOURCE = (
    "https://github.com/prototypefund/klinik-db-qbgbaExtraData/blob/"
    "25d109f41f91b3fbe81c844df1bbff51741ba5ba/data-raw/populationGermany/12411-0018.csv"
)
COUNTY_SAYS = (
    "GENESIS table 12411-0018 (Fortschreibung des Bevölkerungsstandes), row 31.12.2020; 13071; "
    "Mecklenburgische Seenplatte, Landkreis: men + women of the band"
)


@dataclass(frozen=True)
class Band:
    """One age band of the county Mecklenburgische Seenplatte, of which the town is the seat."""

    group: str
    ages: str
    county_men: int
    county_women: int

    @property
    def county(self) -> int:
        """People of the band in the county."""
        return self.county_men + self.county_women


BANDS = (
    Band("p0_2", "0-2", 3077, 2788),
    Band("p3_5", "3-5", 3233, 3162),
    Band("p6_14", "6-14", 4680 + 5815, 4267 + 5642),
    Band(
        "p15_59",
        "15-59",
        3319 + 2223 + 4787 + 3998 + 8090 + 7928 + 7977 + 7313 + 9438 + 12581,
        3114 + 1941 + 4114 + 3749 + 7296 + 7514 + 7308 + 6596 + 9269 + 12552,
    ),
    Band("p60_64", "60-64", 11887, 12252),
    Band("p65_74", "65-74", 16951, 18604),
    Band("p75up", "75+", 13356, 21236),
)
"""The published bands, joined where the toolkit asks for no finer cut. They do not overlap and cover all ages."""

SUMS = {
    "pop": tuple(band.group for band in BANDS),
    "p0_5": ("p0_2", "p3_5"),
    "p60up": ("p60_64", "p65_74", "p75up"),
    "p65up": ("p65_74", "p75up"),
}
"""Columns that are sums of bands; they are added up, never rounded on their own."""

COLUMNS = ("pop", "p0_2", "p3_5", "p0_5", "p60up", "p65up", "p75up")


def town_bands() -> dict[str, int]:
    """People of the town per band: the county's age shares applied to the town's total, summing to it exactly."""
    county = np.array([band.county for band in BANDS], dtype=np.float64)
    return dict(zip((band.group for band in BANDS), apportion(TOWN_TOTAL, county).tolist(), strict=True))


def spread(floor_m2: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Spread every band of the town over places in proportion to their residential floor area.

    Parameters
    ----------
    floor_m2 : float64[n]
        Residential floor area of each place.

    Returns
    -------
    pandas.DataFrame
        n rows, the integer columns `COLUMNS`; each column sums to the town's figure.
    """
    bands = pd.DataFrame({group: apportion(people, floor_m2) for group, people in town_bands().items()})
    for name, parts in SUMS.items():
        bands[name] = bands[list(parts)].sum(axis=1)
    return bands[list(COLUMNS)]


def apportion(total: int, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Split a whole number in proportion to `weights` by largest remainder; ties go to the earlier place."""
    quota = total * weights / weights.sum()
    whole: npt.NDArray[np.int64] = np.floor(quota).astype(np.int64)
    order = np.argsort(-(quota - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def write_people(target: Path) -> None:
    """Write the town's figures with their sources: one published total, every band flagged as estimated."""
    county_total = sum(band.county for band in BANDS)
    county = {band.group: band.county for band in BANDS}
    ages = {band.group: band.ages for band in BANDS} | {"pop": "all", "p0_5": "0-5", "p60up": "60+", "p65up": "65+"}
    town = town_bands()
    rows = [("pop", "all", TOWN_TOTAL, "published", "true", "", TOWN_SOURCE, TOWN_SAYS)]
    for group in [*county, *(name for name in SUMS if name != "pop")]:
        parts = SUMS.get(group, (group,))
        people = sum(town[part] for part in parts)
        base = sum(county[part] for part in parts)
        says = f"{COUNTY_SAYS}: {base} of {county_total}; the share is applied to the town's {TOWN_TOTAL}"
        rows.append(
            (group, ages[group], people, "estimated", "false", f"{base / county_total:.6f}", COUNTY_SOURCE, says)
        )
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ("group", "ages", "people", "date", "status", "verified", "county_share", "source", "source_says")
        )
        writer.writerows((group, age, people, YEAR_END, *rest) for group, age, people, *rest in rows)
