"""Figures of the standards that an assessment is held against, each with its source, its clause and whether it was read there.

They are benchmarks to print beside what is found, never rules of a plan: a study that wants one kept says so under
``siting``. A figure nobody has read in its source (``verified`` false) is named so on every output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from planner.study._base import Evidence, Label

Measure = Literal[
    "coverage",
    "places",
    "circle_people",
    "walk_m",
    "hubs_per_km2",
    "communities_per_hub",
    "households_per_hub",
    "all_m2",
    "service_m2",
]

#: first and last age, both included; none = no limit
Ages = tuple[int, int | None]
EVERYBODY: Ages = (0, None)
AGED_60: Ages = (60, None)


@dataclass(frozen=True, slots=True)
class Standard:
    """One figure of a standard, and what of an assessment it is held against.

    Attributes
    ----------
    id : str
        Name by which a study asks for it.
    name : Label
        What is measured, with its unit.
    measure : str
        ``coverage``: share (0–1) of a service's people within ``minutes``. ``places``: places of a service per ``per``
        people of ``ages``. ``circle_people``: people of ``ages`` within ``minutes`` of a facility, on average.
        ``walk_m``: metres a walker covers in ``minutes``. ``service_m2``, ``all_m2``: floor area of a service's facilities,
        or of all facilities, per ``per`` households. The rest speak of places with several services under one roof.
    low, high : float or None
        The figure should be at least, at most this; none = the standard does not say.
    evidence : Evidence
        Source, clause, and whether the figure was read there.
    minutes : float or None
        The circle it speaks of.
    per : float
        Of how many people or households.
    ages : (int, int or None) or None
        Who they are; a group of the study says its ages with ``from_age`` and ``to_age``.
    named : bool
        It goes only for services whose ``standards`` name it.
    derived : str
        How it was reckoned from figures of the source, where the source itself does not state it.
    """

    id: str
    name: Label
    measure: Measure
    low: float | None
    high: float | None
    evidence: Evidence
    minutes: float | None = None
    per: float = 1.0
    ages: Ages | None = None
    named: bool = False
    derived: str = ""


def standard(name: str) -> Standard:
    """Return the standard called ``name``; KeyError where there is none."""
    return _BY_NAME[name]


def _read(source: str, clause: str) -> Evidence:
    """Cite a source in which the figure was read."""
    return Evidence(source=source, clause=clause, verified=True)


def _heard(source: str, clause: str) -> Evidence:
    """Cite a source in which nobody here has read the figure."""
    return Evidence(source=source, clause=clause, verified=False)


_GB_50180 = "GB 50180-2018 城市居住区规划设计标准"
_EMBEDDED_2024 = "城市社区嵌入式服务设施建设导则（试行）2024"
_SHANGHAI_TARGET = "上海市覆盖目标 / Shanghai target"
_SHANGHAI_2016 = "上海市 2016 年导则 / Shanghai guideline of 2016"
_ANHUI = "安徽省征求意见稿 / Anhui draft"
_SHANGHAI_PAPER = "上海基层社会服务整合"
_IN_15, _IN_10, _IN_5 = (
    "十五分钟生活圈 / 15-minute circle",
    "十分钟生活圈 / 10-minute circle",
    "五分钟生活圈 / 5-minute circle",
)


def _circle(minutes: int, low: float, high: float, evidence: Evidence) -> Standard:
    return Standard(
        f"circle_{minutes}_people",
        Label(
            zh=f"设施 {minutes} 分钟圈内的居民（人，各设施平均）",
            en=f"residents within {minutes} minutes of a facility (average)",
        ),
        "circle_people",
        low,
        high,
        evidence,
        minutes=minutes,
        ages=EVERYBODY,
    )


def _walk(minutes: int, low: float, high: float | None, clause: str) -> Standard:
    return Standard(
        f"circle_{minutes}_walk",
        Label(zh=f"{minutes} 分钟步行距离（m）", en=f"metres walked in {minutes} minutes"),
        "walk_m",
        low,
        high,
        _read(_GB_50180, clause),
        minutes=minutes,
    )


def _coverage(name: str, label: Label, minutes: int, low: float | None, evidence: Evidence) -> Standard:
    return Standard(name, label, "coverage", low, None, evidence, minutes=minutes, named=low is None)


def _places(name: str, label: Label, low: float, evidence: Evidence, *, per: float, ages: Ages) -> Standard:
    return Standard(name, label, "places", low, None, evidence, per=per, ages=ages, named=True)


STANDARDS: tuple[Standard, ...] = (
    _walk(5, 300.0, None, _IN_5),
    _walk(10, 500.0, None, _IN_10),
    _walk(15, 800.0, 1000.0, _IN_15),
    _circle(5, 5_000.0, 12_000.0, _heard(_GB_50180, _IN_5)),
    _circle(10, 15_000.0, 25_000.0, _read(_GB_50180, _IN_10)),
    _circle(15, 50_000.0, 100_000.0, _read(_GB_50180, _IN_15)),
    _coverage(
        "elder_care_in_5",
        Label(zh="养老设施优先在 5 分钟内：覆盖率", en="elder care within 5 minutes first: coverage"),
        5,
        None,
        _read(_SHANGHAI_2016, "养老：5 分钟优先 / elder care: 5 minutes first"),
    ),
    _coverage(
        "childcare_in_10",
        Label(zh="托育设施在 10 分钟（约 500 m）内：覆盖率", en="childcare within 10 minutes (about 500 m): coverage"),
        10,
        None,
        _read(_SHANGHAI_2016, "托育：≤ 10 分钟 / childcare: ≤ 10 minutes"),
    ),
    _coverage(
        "shanghai_2025",
        Label(zh="15 分钟覆盖率（2025 年目标）", en="coverage in 15 minutes, target for 2025"),
        15,
        0.85,
        _read(_SHANGHAI_TARGET, "2025"),
    ),
    _coverage(
        "shanghai_2035",
        Label(zh="15 分钟覆盖率（2035 年目标）", en="coverage in 15 minutes, target for 2035"),
        15,
        0.99,
        _read(_SHANGHAI_TARGET, "2035"),
    ),
    _places(
        "childcare_places",
        Label(zh="每千人口托位数（个）", en="childcare places per 1,000 residents"),
        4.5,
        _read("托位目标 / target for childcare places", "2025"),
        per=1000.0,
        ages=EVERYBODY,
    ),
    _places(
        "childcare_places_new",
        Label(zh="新建小区每千人口托位数（个）", en="childcare places per 1,000 residents, new estates"),
        10.0,
        _read(_ANHUI, "新建小区 / new estates"),
        per=1000.0,
        ages=EVERYBODY,
    ),
    _places(
        "elder_beds",
        Label(zh="每千名 60 岁及以上老人的床位（张）", en="beds per 1,000 people aged 60 and over"),
        40.0,
        _read("GB 50437-2018", ""),
        per=1000.0,
        ages=AGED_60,
    ),
    Standard(
        "canteen_meals",
        Label(zh="每百名 60 岁及以上老人每日供餐（份）", en="meals a day per 100 people aged 60 and over"),
        "places",
        4.4,
        None,
        _read("上海市社区食堂目标 / Shanghai target for canteens", ""),
        per=100.0,
        ages=AGED_60,
        named=True,
        derived="250,000 / 5,680,000 × 100",
    ),
    Standard(
        "elder_m2",
        Label(zh="每百户养老服务用房（m²）", en="m² of elder care per 100 households"),
        "service_m2",
        20.0,
        None,
        _read(_ANHUI, "已建成小区 20，新建 30 / built estates 20, new ones 30"),
        per=100.0,
        named=True,
    ),
    Standard(
        "community_m2",
        Label(zh="每百户社区综合服务设施面积（m²）", en="m² of community services per 100 households"),
        "all_m2",
        30.0,
        None,
        _read(_EMBEDDED_2024, "≥ 30；有条件的城市 ≥ 80 / ≥ 30, able cities ≥ 80"),
        per=100.0,
    ),
    Standard(
        "hubs_per_km2",
        Label(zh="每平方公里综合服务中心（个）", en="multi-service centres per km²"),
        "hubs_per_km2",
        1.0,
        None,
        _heard(_SHANGHAI_PAPER, "杨浦睦邻中心 / neighbourhood centres, Yangpu"),
    ),
    Standard(
        "communities_per_hub",
        Label(zh="每个综合服务中心的社区数（个）", en="communities per multi-service centre"),
        "communities_per_hub",
        None,
        5.0,
        _heard(_SHANGHAI_PAPER, "虹桥邻里中心 / neighbourhood centres, Hongqiao"),
    ),
    Standard(
        "households_per_hub",
        Label(zh="每个综合服务中心的户数（户）", en="households per multi-service centre"),
        "households_per_hub",
        None,
        12_000.0,
        _heard(_SHANGHAI_PAPER, "虹桥邻里中心 / neighbourhood centres, Hongqiao"),
    ),
)

_BY_NAME = {one.id: one for one in STANDARDS}
