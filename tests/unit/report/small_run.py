"""A hand-made run of a small town, with names chosen to break pages and workbooks.

Eighteen communities in a 6 x 3 grid of 400 m squares; twelve doors in each; people walk 1.3 times the straight line.
Every number in the tables follows from that by counting, so the reports can be held against it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point, box

from planner.store.manifest import Manifest, Result
from planner.store.run import Run
from planner.store.schema import schema
from planner.store.tables import Tables, empty_table
from planner.store.unevenness import stored_reaches, unevenness_table
from planner.study import Study
from planner.workflow.infeasibility import COLUMNS as COLUMNS_UNOPENED
from planner.workflow.plan_tables import COVERAGE

CRS = "EPSG:32633"
WEST, SOUTH, SIDE = 382_000.0, 5_935_000.0, 400.0
COLUMNS, ROWS, DOORS = 6, 3, 12
DETOUR = 1.3
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '=HYPERLINK("http://example.org","free money")',
    "Höfe am See 🏡👵",
    "حي السلام",
    "",
    "A very long name, " * 17,
    "+49 395 1234",
    "@SUM(A1:A9)",
    "-1+1",
    "幸福社区",
    "幸福社区",
    "<!-- comment",
    "{{ 7*7 }} ${7*7} %s",
    "line\nbreak\tand\u2028separator",
    "Quarter 'single' \"double\" `tick` \\ backslash",
    "https://example.org/not-a-link",
    "&lt;b&gt;already escaped&lt;/b&gt;",
)
SPEED_M_S = {"elder": 0.8, "adult": 1.2}


def small_study(language: str = "en", **changes: object) -> Study:
    layer = {"path": "layers/x.gpkg"}
    asked: dict[str, object] = {
        "version": 1,
        "name": {"zh": "小城<b>试点</b>", "en": "Small town <b>pilot</b>"},
        "language": language,
        "date": "2025-11",
        "layers": {
            "communities": {**layer, "roll_up": ["street"]},
            "people": [
                {
                    **layer,
                    "groups": {"elders": "p65", "toddlers": "p0_2"},
                    "basis": "resident",
                    "year": 2021,
                    "source": "Census 2021",
                    "estimate": "0-2 = one fifth of 0-14",
                }
            ],
            "streets": {"path": "layers/streets.osm.pbf"},
            "buildings": {**layer, "assumed_storeys": 2.5},
            "facilities": [{**layer, "service": "elder_care"}],
            "candidates": [{**layer, "kind": "hall"}],
        },
        "groups": {
            "elders": {"name": {"zh": "65岁以上", "en": "65 and over"}, "protected": True},
            "toddlers": {"name": {"zh": "3岁以下", "en": "under 3"}},
        },
        "walking": {
            "profiles": {
                "elder": {"speed_m_s": 0.8, "source": "Bohannon 1997"},
                "adult": {"speed_m_s": 1.2},
            }
        },
        "services": [
            {
                "id": "elder_care",
                "name": {"zh": "养老", "en": "Elder care"},
                "demand": {"elders": 1},
                "walker": "elder",
                "circles": [
                    {"minutes": 5, "weight": 1},
                    {"minutes": 10, "weight": 0.6},
                    {"minutes": 15, "weight": 0.3},
                ],
                "area_m2": 350,
                "fit_out_cost": 800_000,
                "yearly_cost": 300_000,
                "figures": {"area_m2": {"source": "GB 50180-2018", "clause": "app. C", "verified": False}},
            },
            {
                "id": "canteen",
                "name": {"zh": "食堂", "en": "Canteen"},
                "demand": {"elders": 1},
                "walker": "elder",
                "circles": [{"minutes": 5, "weight": 1}, {"minutes": 10, "weight": 0.5}],
                "area_m2": 120,
                "fit_out_cost": 300_000,
                "capacity": 150,
                "figures": {"capacity": {"source": "Shanghai", "clause": "2022", "verified": True}},
            },
            {
                "id": "childcare",
                "name": {"zh": "托育", "en": "Childcare"},
                "level": "quality",
                "demand": {"toddlers": 1},
                "walker": "adult",
                "circles": [{"minutes": 5, "weight": 1}, {"minutes": 10, "weight": 0.5}],
                "area_m2": 200,
                "fit_out_cost": 500_000,
            },
        ],
        "site_kinds": {"hall": {"name": {"zh": "会堂", "en": "Hall"}, "setup_cost": 200_000}},
        "budgets": {"capital_cost": 4_000_000},
        "siting": {"max_sites": 4},
        "publication": {
            "review_number": "审图号 测试(2025)001",
            "classification": "internal use only",
            "author": "Planning bureau",
            "sources": ["© OpenStreetMap contributors, ODbL 1.0", "https://example.org/census </script>"],
        },
        "notes": [{"zh": "没有食堂图层", "en": "No layer of canteens exists; <i>none</i> are counted"}],
    }
    return Study.model_validate({**asked, **changes})


def _communities(rng: np.random.Generator) -> gpd.GeoDataFrame:
    cells = [(c, r) for r in range(ROWS) for c in range(COLUMNS)]
    squares = [box(WEST + c * SIDE, SOUTH + r * SIDE, WEST + (c + 1) * SIDE, SOUTH + (r + 1) * SIDE) for c, r in cells]
    return gpd.GeoDataFrame(
        {
            "id": [f"c{i:02d}" for i in range(len(cells))],
            "name": list(HOSTILE),
            "street": ["East" if c >= COLUMNS // 2 else "=West" for c, _ in cells],
            "people_elders": rng.integers(20, 400, len(cells)).astype(float),
            "people_toddlers": rng.integers(5, 60, len(cells)).astype(float),
        },
        geometry=squares,
        crs=CRS,
    )


def _demand(communities: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    rows = []
    for community in communities.itertuples():
        left, bottom, right, top = community.geometry.bounds
        rows += [
            {
                "id": f"{community.id}-{k:02d}",
                "community_id": community.id,
                "people_elders": community.people_elders / DOORS,
                "people_toddlers": community.people_toddlers / DOORS,
                "need_weight": 1.0,
                "connector_m": float("nan") if (community.id, k) == ("c00", 0) else float(rng.uniform(2, 40)),
                "geometry": Point(rng.uniform(left, right), rng.uniform(bottom, top)),
            }
            for k in range(DOORS)
        ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)


def _places(rng: np.random.Generator) -> gpd.GeoDataFrame:
    n = 16
    xy = np.column_stack(
        [rng.uniform(WEST + 50, WEST + COLUMNS * SIDE - 50, n), rng.uniform(SOUTH + 50, SOUTH + ROWS * SIDE - 50, n)]
    )
    return gpd.GeoDataFrame(
        {
            "id": [f"p{i:02d}" for i in range(n)],
            "name": [HOSTILE[i % len(HOSTILE)] for i in range(n)],
            "role": ["facility"] * 4 + ["candidate"] * (n - 4),
            "kind": [""] * 4 + ["hall"] * (n - 4),
            "area_m2": [float("nan")] * 4 + [float(a) for a in rng.integers(150, 1200, n - 4)],
            "storey": [1] * n,
            "lift": [False] * n,
            "setup_cost": [0.0] * 4 + [200_000.0] * (n - 4),
            "yearly_cost": [0.0] * n,
            "ready_year": [None] * n,
            "connector_m": rng.uniform(1, 30, n),
            "opened": [i in (5, 8, 11) for i in range(n)],
        },
        geometry=[Point(*p) for p in xy],
        crs=CRS,
    )


EXISTING = (
    ("p00", "elder_care"),
    ("p01", "childcare"),
    ("p02", "childcare"),
    ("p02", "elder_care"),
    ("p03", "childcare"),
)
OPENED = (
    ("p05", "elder_care"),
    ("p05", "canteen"),
    ("p05", "childcare"),
    ("p08", "canteen"),
    ("p11", "elder_care"),
    ("p11", "canteen"),
)


def _reach(demand: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> pd.DataFrame:
    frames = []
    for walker, speed in SPEED_M_S.items():
        metres = np.array([demand.distance(place).to_numpy() for place in places.geometry]).T * DETOUR
        seconds = (metres + demand["connector_m"].to_numpy()[:, None]) / speed
        rows, columns = np.nonzero(seconds <= 900)
        frame = pd.DataFrame(
            {
                "walker": walker,
                "demand_id": demand["id"].to_numpy()[rows],
                "place_id": places["id"].to_numpy()[columns],
                "seconds": seconds[rows, columns].astype(np.float32),
            }
        )
        frames.append(frame.sort_values(["demand_id", "seconds"], kind="stable"))
    return pd.concat(frames, ignore_index=True)


def _nearest(study: Study, demand: gpd.GeoDataFrame, reach: pd.DataFrame) -> pd.DataFrame:
    frames = []
    for service in study.services:
        frame = pd.DataFrame({"demand_id": demand["id"], "service": service.id})
        before = [place for place, offered in EXISTING if offered == service.id]
        after = before + [place for place, offered in OPENED if offered == service.id]
        for when, open_places in (("before", before), ("after", after)):
            pairs = reach[(reach["walker"] == service.walker) & reach["place_id"].isin(open_places)]
            first = pairs.sort_values("seconds").groupby("demand_id").first()
            frame[f"{when}_s"] = frame["demand_id"].map(first["seconds"])
            frame[f"{when}_id"] = frame["demand_id"].map(first["place_id"])
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)[
        ["demand_id", "service", "before_s", "after_s", "before_id", "after_id"]
    ]


def _coverage(study: Study, counted: gpd.GeoDataFrame, nearest: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    rows = []
    for service in study.services:
        people = sum(weight * counted[f"people_{group}"] for group, weight in service.demand.items())
        walks = nearest[nearest["service"] == service.id].set_index("demand_id").loc[counted["id"]].reset_index()
        for circle in service.circles:
            frame = counted[by].copy()
            frame["people"] = people.to_numpy()
            frame["covered_before"] = people.to_numpy() * (walks["before_s"] <= circle.minutes * 60).to_numpy()
            frame["covered_after"] = people.to_numpy() * (walks["after_s"] <= circle.minutes * 60).to_numpy()
            full = 0.5 if service.capacity else 1.0  # of limited places there are half as many as people within reach
            for when in ("before", "after"):
                frame[f"served_{when}"] = full * frame[f"covered_{when}"]
                frame[f"heads_{when}"] = frame[f"covered_{when}"]
            frame["heads"] = frame["people"]
            sums = frame.groupby(by, as_index=False).sum() if by else frame.sum().to_frame().T
            rows.append(sums.assign(service=service.id, minutes=float(circle.minutes)))
    figures = list(COVERAGE)
    return pd.concat(rows, ignore_index=True)[[*by, "service", "minutes", *figures]].astype(
        dict.fromkeys(figures, float)
    )


BILLS = (
    "department",
    "name_zh",
    "name_en",
    "capital_cost",
    "capital_limit",
    "yearly_cost",
    "yearly_limit",
)


def _openings(study: Study) -> pd.DataFrame:
    services = {service.id: service for service in study.services}
    return pd.DataFrame(
        [
            {
                "place_id": place,
                "service": service,
                "size": "",
                "area_m2": services[service].area_m2,
                "fit_out_cost": services[service].fit_out_cost,
                "yearly_cost": services[service].yearly_cost,
                "capacity": services[service].capacity or float("nan"),
                "mode": "",
                "department": "",
            }
            for place, service in OPENED
        ]
    ).astype({"capacity": float})


def _offers(study: Study, places: gpd.GeoDataFrame) -> pd.DataFrame:
    rows = [
        {
            "place_id": place,
            "service": service.id,
            "size": "",
            "stands": False,
            "planned": (place, service.id) in OPENED,
            "moves_from": "",
            "may_close": False,
            "closing_cost": 0.0,
            "area_m2": service.area_m2,
            "capital_cost": service.fit_out_cost,
            "yearly_cost": service.yearly_cost,
            "capacity": service.capacity or float("nan"),
        }
        for place in places.loc[places["role"] == "candidate", "id"]
        for service in study.services
    ]
    return pd.DataFrame(rows).astype({"capacity": float})


def _opened_sites(places: gpd.GeoDataFrame, openings: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for place_id, mine in openings.groupby("place_id"):
        place = places[places["id"] == place_id].iloc[0]
        rows.append(
            {
                "place_id": place_id,
                "name": place["name"],
                "kind": place["kind"],
                "services": ";".join(mine["service"]),
                "n_services": len(mine),
                "area_m2": float(mine["area_m2"].sum()),
                "area_offered_m2": place["area_m2"],
                "setup_cost": place["setup_cost"],
                "fit_out_cost": float(mine["fit_out_cost"].sum()),
                "capital_cost": place["setup_cost"] + float(mine["fit_out_cost"].sum()),
                "yearly_cost": float(mine["yearly_cost"].sum()),
                "ready_year": pd.NA,
            }
        )
    return pd.DataFrame(rows).astype({"ready_year": "Int64"})


def _circles(study: Study, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    opened = places[places["opened"]]
    rows = [
        {
            "place_id": place.id,
            "walker": walker,
            "minutes": minutes,
            "geometry": place.geometry.buffer(minutes * 60 * SPEED_M_S[walker] / DETOUR),
        }
        for place in opened.itertuples()
        for walker in study.walking.profiles
        for minutes in (5.0, 10.0, 15.0)
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)


def _ground() -> gpd.GeoDataFrame:
    """Return a pond, a park, a row of buildings, a railway, a wall and a road that is named, and named to break a page."""
    east, north = WEST + COLUMNS * SIDE, SOUTH + ROWS * SIDE
    rows = [
        ("green", "", box(WEST, SOUTH, WEST + 500, SOUTH + 300)),
        ("water", "", box(WEST + 100, SOUTH + 50, WEST + 300, SOUTH + 200)),
        *(("building", "", box(x, SOUTH + 460, x + 18, SOUTH + 474)) for x in np.arange(WEST + 40, east, 60)),
        ("wall", "", LineString([(WEST + 20, SOUTH + 440), (WEST + 380, SOUTH + 440)])),
        ("railway", "", LineString([(WEST - 200, north - 150), (east + 200, north - 90)])),
        ("road", "Main street", LineString([(WEST, SOUTH + SIDE), (east, SOUTH + SIDE)])),
        ("road", HOSTILE[1], LineString([(WEST + SIDE, SOUTH), (WEST + SIDE, north)])),
    ]
    kinds, names, shapes = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"kind": list(kinds), "name": list(names)}, geometry=list(shapes), crs=CRS)


def _streets() -> gpd.GeoDataFrame:
    east, north = WEST + COLUMNS * SIDE, SOUTH + ROWS * SIDE
    lines, kinds = [], []
    for k in range(COLUMNS * 4 + 1):
        x = WEST + k * SIDE / 4
        lines.append(LineString([(x, SOUTH), (x + 15, (SOUTH + north) / 2), (x, north)]))
        kinds.append("secondary" if k % 8 == 0 else "residential" if k % 2 == 0 else "footway")
    for k in range(ROWS * 4 + 1):
        y = SOUTH + k * SIDE / 4
        lines.append(LineString([(WEST, y), (east, y)]))
        kinds.append("primary" if k == 6 else "residential" if k % 2 == 0 else "path")
    # the last one crosses a square: it is walked, and drawn on no map
    lines.append(LineString([(WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE)]))
    kinds.append("pedestrian")
    last = len(kinds) - 1
    columns = {
        "highway": kinds,
        "stairs": False,
        "doors": True,
        "across": [k == last for k in range(len(kinds))],
        "from_junction": np.arange(len(kinds), dtype=np.int32) * 2,
        "to_junction": np.arange(len(kinds), dtype=np.int32) * 2 + 1,
    }
    return gpd.GeoDataFrame(columns, geometry=lines, crs=CRS)


def small_run(language: str = "en", **changes: object) -> Run:
    """A finished run; ``changes`` replace blocks of the study."""
    study = small_study(language, **changes)
    rng = np.random.default_rng(7)
    communities = _communities(rng)
    demand = _demand(communities, rng)
    places = _places(rng)
    reach = _reach(demand, places)
    nearest = _nearest(study, demand, reach)
    openings = _openings(study)
    opened_sites = _opened_sites(places, openings)
    counted = demand.merge(communities[["id", "street"]].rename(columns={"id": "community_id"}), on="community_id")
    by_area = _coverage(study, counted, nearest, ["street"]).rename(columns={"street": "area"})
    tables = Tables(
        communities=communities,
        demand=demand,
        places=places,
        existing=pd.DataFrame(EXISTING, columns=["place_id", "service"]).assign(capacity=float("nan")),
        offers=_offers(study, places),
        openings=openings.assign(year=float("nan")),
        unevenness=pd.DataFrame(),
        served=_coverage(study, counted, nearest, [])[["service", "minutes", "people"]].assign(served=0.0),
        loads=pd.DataFrame({"place_id": [], "service": [], "capacity": [], "load": [], "utilisation": []}),
        closed=pd.DataFrame({"place_id": [], "service": []}),
        unopened=pd.DataFrame(columns=list(COLUMNS_UNOPENED)).astype(COLUMNS_UNOPENED),
        bills=pd.DataFrame({name: [] for name in BILLS}),
        area_limits=empty_table(schema()["run"]["area_limits"]),
        compliance=empty_table(schema()["run"]["compliance"]),
        hubs=empty_table(schema()["run"]["hubs"]),
        opened_sites=opened_sites,
        coverage=_coverage(study, counted, nearest, []),
        coverage_by_community=_coverage(study, counted, nearest, ["community_id"]),
        coverage_by_area=by_area.assign(column="street")[["column", "area", "service", "minutes", *COVERAGE]],
        nearest=nearest,
        reach=reach,
        circles=_circles(study, places),
        streets=_streets(),
        ground=_ground(),
        findings=pd.DataFrame(
            [
                {
                    "severity": "warning",
                    "code": "duplicate-name",
                    "layer": "communities",
                    "where": "rows 11, 12",
                    "zh": "两个社区同名:幸福社区",
                    "en": "two communities share the name 幸福社区",
                }
            ]
        ),
    )
    result = Result(
        status="optimal",
        objective=1234.5,
        bound=1234.5,
        gap=0.0,
        seconds=0.8,
        solver="HiGHS 1.11",
        capital_cost=float(opened_sites["capital_cost"].sum()),
        yearly_cost=float(opened_sites["yearly_cost"].sum()),
        sites_opened=len(opened_sites),
        services_opened=len(openings),
        co_located=int((opened_sites["n_services"] >= 2).sum()),
        proven=True,
    )
    manifest = Manifest(
        run_id="small-base-0123abcd",
        scenario="base",
        digest="0123456789abcdef" * 4,
        inputs={"layers/x.gpkg": "f" * 64},
        versions={"planner": "0.1.0"},
        seed=1,
        crs=CRS,
        result=result,
        timings_s={"read": 0.5, "solve": 0.8},
    )
    named = partial(getattr, tables)
    tables = replace(tables, unevenness=unevenness_table(study, named, stored_reaches(named)))
    return Run(study=study, manifest=manifest, tables=tables)
