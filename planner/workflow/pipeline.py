"""The pipeline from a study to a plan: each stage has its inputs, its cache key and its computation in one place.

Two runs that agree in every ingredient of a key share the result of the stage. The planner's own code and the libraries that
compute are ingredients like any other, so that no result outlives them.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

from planner.district import District, read_district
from planner.district.checks.locations import longest_walk_m
from planner.district.ground import read_extracts
from planner.errors import LayerError
from planner.i18n import translate
from planner.siting import BuiltProblem, Plan, build_problem, solve
from planner.store.atomic_folder import atomic_folder
from planner.store.cache import Cache, StageResult
from planner.store.folders import place_of
from planner.store.provenance import code_of, databases_in, fingerprint, hashes_in, hashes_of, versions_of
from planner.study.areas import OWN
from planner.study.load import load_study
from planner.study.scenarios import BASE
from planner.workflow.compliance import refuse_unknown_areas
from planner.workflow.plan_tables import AreaTables, area_tables
from planner.workflow.streets import StreetsAndBarriers, read_streets, refuse_unknown_slopes
from planner.workflow.walks import ProfileWalks, StudyArea, compute_walks, travel_time_limits_s, walk_endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from planner.store.folders import Kind
    from planner.study import Siting, Study


class Progress(Protocol):
    """Called with the stage under way, how much of it is done (0 … 1), and a note such as incumbent and bound."""

    def __call__(self, stage: str, done: float, note: str = "") -> None:
        """Report it; must be cheap and must not fail."""


def silent(stage: str, done: float, note: str = "") -> None:
    """Report no progress."""


class Writable(Protocol):
    """A run, assessment, review or frontier."""

    def write(self, folder: Path) -> None:
        """Write manifest, study and tables into ``folder``."""


@dataclass(frozen=True, eq=False)
class OpenResult:
    """A pipeline whose result is being written.

    Attributes
    ----------
    folder : Path
        Where tables and reports are written to.
    target : Path
        Where the folder stands once it is whole.
    """

    pipeline: Pipeline
    folder: Path
    target: Path

    @contextmanager
    def stored(self, result: Writable) -> Iterator[None]:
        """Write the tables of a result; inside, its reports are written and timed."""
        result.write(self.folder)
        with self.pipeline.stage("reports"):
            yield


@contextmanager
def open_result(
    study_file: Path,
    kind: Kind = "run",
    *,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    out: Path | None = None,
    progress: Progress = silent,
    cache: Cache | None = None,
) -> Iterator[OpenResult]:
    """Load a study and open the folder of its result, which takes its place when the block ends; on a fault nothing is written.

    Parameters
    ----------
    study_file
        The study; its layers lie relative to it.
    kind
        What is written; nothing of another kind is replaced.
    scenario, sets
        Overrides, as `planner.study.load.load_study` takes them.
    out
        Where to write; default ``outputs/<study>/<scenario or base>`` below the current folder (``outputs/<study>@<verb>/…`` for
        what is no run).
    cache
        Where results of stages are kept from run to run.

    Raises
    ------
    StudyError, OutputError
        Before anything is computed.
    """
    study = load_study(study_file, scenario=scenario, sets=sets)
    target = out or place_of(study_file, scenario, kind)
    with atomic_folder(target, kind=kind) as folder:
        pipeline = Pipeline(study, study_file.parent, scenario or BASE, progress, cache or Cache(None))
        yield OpenResult(pipeline, folder, target)


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The stages of one study, each computed when it is first read, and once.

    Attributes
    ----------
    study
        What is asked; layers lie relative to ``base``.
    timings_s
        Seconds of each stage so far.

    Every stage raises what its computation raises: `LayerError` naming every fault of every layer, or that a layer changed while it
    was read; `StudyError` if a walking profile feels slopes and there are no heights.
    """

    study: Study
    base: Path
    scenario: str = BASE
    progress: Progress = silent
    cache: Cache = field(default_factory=lambda: Cache(None))
    timings_s: dict[str, float] = field(default_factory=dict)

    def with_siting(self, siting: Siting) -> Pipeline:
        """Return the pipeline of the same study under other rules of siting: both share layers, streets and walks."""
        other = replace(self, study=self.study.model_copy(update={"siting": siting}))
        shared = ("inputs", "layers", "streets", "ground", "walks", "area")
        vars(other).update({name: getattr(self, name) for name in shared})  # where cached properties lie
        return other

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[float, str], None]]:
        """Time what happens inside and report its progress; a stage entered again adds up."""
        began = time.perf_counter()
        self.progress(name, 0.0)
        yield partial(self.progress, name)
        self.timings_s[name] = round(self.timings_s.get(name, 0.0) + time.perf_counter() - began, 3)
        self.progress(name, 1.0)

    @cached_property
    def inputs(self) -> dict[str, str]:
        """Input file (relative to the study) → sha256."""
        return hashes_of(self.study, self.base)

    def _as_hashed(self, _: object = None) -> bool:
        """Say whether the layers still hold what they held when they were hashed: what was read since then is of those bytes."""
        return hashes_of(self.study, self.base) == self.inputs

    @cached_property
    def layers(self) -> StageResult[District]:
        """The district: every layer but the streets."""
        study = self.study
        refuse_unknown_slopes(study)
        with self.stage("layers"):
            _ = self.inputs  # hashed before anything is read
            layers = study.layers.model_dump(mode="json", exclude={"streets": True, "communities": {"roll_up_names"}})
            libraries = ("geopandas", "numpy", "osmium", "pandas", "pyarrow", "pyogrio", "shapely")
            key = {
                "code": _code("district", "io", libraries=libraries),
                "crs": fingerprint([study.crs, versions_of("pyproj")]),
                "groups": _groups(study),
                "language": fingerprint(study.language),
                "services": fingerprint([service.id for service in study.services]),
                "site_kinds": fingerprint(_plain(study, "site_kinds")),
                "longest walk": fingerprint(longest_walk_m(study)),
                **_areas(study, of_people=True),
                **{f"layers.{name}": _file_digest(block, self.base) for name, block in _each(layers)},
            }
            return self.cache.get_or_compute(
                "layers", key, lambda: read_district(study, self.base), store_if=self._as_hashed
            )

    @cached_property
    def streets(self) -> StageResult[StreetsAndBarriers]:
        """The walkable network: the street file in the district's system, with estates, gates, barriers and heights."""
        study, district = self.study, self.layers.value
        with self.stage("streets"):
            libraries = ("geopandas", "numpy", "osmium", "pyogrio", "scipy", "shapely")
            others = (study.layers.estates, study.layers.gates, study.layers.barriers, study.layers.elevation)
            key = {
                "code": _code("access", "district", "io", "workflow/streets.py", libraries=libraries),
                "crs": fingerprint([district.crs.to_wkt(), versions_of("pyproj")]),
                "layers.streets": _file_digest(study.layers.streets.model_dump(mode="json"), self.base),
                "walls, gates and heights": fingerprint(
                    [_file_digest(layer.model_dump(mode="json"), self.base) for layer in others if layer is not None]
                ),
                "open and closed gates": fingerprint([study.walking.open_gates, study.walking.closed_gates]),
            }
            streets = self.cache.get_or_compute(
                "streets", key, lambda: read_streets(study, self.base, district), store_if=self._as_hashed
            )
            if not self._as_hashed():
                raise LayerError(translate("layers_changed", study.language))
            return streets

    @cached_property
    def ground(self) -> StageResult[gpd.GeoDataFrame]:
        """What the maps show beneath, as far as street extracts tell: the layers of the ground are read with the others."""
        study, crs = self.study, self.layers.value.crs
        with self.stage("ground"):
            key = {
                "code": _code("district", "io", libraries=("geopandas", "numpy", "osmium", "pandas", "shapely")),
                "crs": fingerprint([crs.to_wkt(), versions_of("pyproj")]),
                "layers.streets": _file_digest(study.layers.streets.model_dump(mode="json"), self.base),
                "layers.ground": fingerprint(
                    [_file_digest(layer.model_dump(mode="json"), self.base) for layer in study.layers.ground]
                ),
            }
            return self.cache.get_or_compute(
                "ground", key, lambda: read_extracts(study, self.base, crs), store_if=self._as_hashed
            )

    @cached_property
    def walks(self) -> dict[str, StageResult[ProfileWalks]]:
        """Walking profile → snapped endpoints and travel times: of where people and places are, not how many or what they are."""
        study, district, streets = self.study, self.layers.value, self.streets
        with self.stage("walks"):
            ends, limits_s = walk_endpoints(district), travel_time_limits_s(study)
            profiles = {walker: study.walking.profiles[walker] for walker in limits_s}
            keys = {
                walker: {
                    "code": _code("access", "workflow/walks.py", libraries=("numba", "numpy", "shapely")),
                    "streets": streets.digest,
                    "demand points": _array_digest(ends.demand_xy),
                    "places": _array_digest(ends.entrance_xy) + _array_digest(ends.entrance_of),
                    "walking profile": fingerprint(profile.model_dump(mode="json", exclude={"name", "source"})),
                    "widest circle": fingerprint(limits_s[walker]),
                    "walking.max_connector_m": fingerprint(study.walking.max_connector_m),
                }
                for walker, profile in profiles.items()
            }
            return self.cache.get_or_compute_each(
                "walks",
                keys,
                lambda missing: compute_walks(study, {name: limits_s[name] for name in missing}, streets.value, ends),
            )

    @cached_property
    def area(self) -> StudyArea:
        """District, network, endpoints and travel times: the same for every plan."""
        layers = self.layers
        refuse_unknown_areas(self.study, layers.value)
        streets, walks = self.streets, self.walks
        return StudyArea(layers.value, streets.value.network, {name: found.value for name, found in walks.items()})

    @cached_property
    def area_tables(self) -> AreaTables:
        """Tables that are the same for every plan of the area."""
        study, area = self.study, self.area
        libraries = ("geopandas", "numpy", "pandas", "pyarrow", "shapely")
        key = {
            "code": _code("district", "access", "store", "workflow", "i18n", libraries=libraries),
            "layers": self.layers.digest,
            "streets": self.streets.digest,
            "ground": self.ground.digest,
            **self._walk_digests,
            "groups": _groups(study),
            "language": fingerprint(study.language),
            "layers.communities.roll_up": fingerprint(study.layers.communities.roll_up),
            "walker of the first service": fingerprint(study.services[0].walker),
            "circles": fingerprint([[circle.minutes for circle in service.circles] for service in study.services]),
            **_areas(study, of_people=True),
        }
        return self.cache.get_or_compute(
            "sheets", key, lambda: area_tables(study, area, self.ground.value), on_disk=False
        ).value

    @cached_property
    def problem(self) -> StageResult[BuiltProblem]:
        """The siting problem: the area, and everything the study says about money, rules and objectives."""
        study, area = self.study, self.area
        with self.stage("problem"):
            key = {
                "code": _code("siting", libraries=("numpy", "pandas")),
                "layers": self.layers.digest,
                **self._walk_digests,
                **{
                    part: fingerprint(_plain(study, part))
                    for part in ("budgets", "co_location", "site_kinds", "siting", "solver")
                },
                **_areas(study),
                "standards that bind": fingerprint([floor.model_dump(mode="json") for _, floor in study.kept_floors]),
                **{
                    f"services.{service.id}": fingerprint(
                        service.model_dump(
                            mode="json",
                            exclude={
                                **dict.fromkeys(
                                    ("name", "glyph", "level", "figures", "standards", "capacity_counts", "function"),
                                    True,
                                ),
                                "sizes": {"__all__": {"name"}},
                            },
                        )
                    )
                    for service in study.services
                },
                "services": fingerprint([service.id for service in study.services]),
                "layers.communities.roll_up": fingerprint(study.layers.communities.roll_up),
            }
            return self.cache.get_or_compute(
                "problem",
                key,
                lambda: build_problem(study, area.district, area.travel_times),
                shared=area.travel_times,
            )

    @cached_property
    def plan(self) -> Plan:
        """The plan, proven or not, feasible or not; only what is proven is kept for other runs."""
        problem = self.problem
        with self.stage("siting") as report:
            key = {
                "code": _code("siting", libraries=("highspy", "numpy", "pulp", "scipy")),
                "problem": problem.digest,  # names the solver's settings too
            }
            return self.cache.get_or_compute(
                "plan",
                key,
                lambda: solve(
                    problem.value.problem,
                    progress=lambda incumbent, bound, _: report(0.5, interval_text(incumbent, bound)),
                ),
                store_if=lambda plan: plan.proven,
            ).value

    def isochrones(self, walker: str, minutes: Sequence[float]) -> dict[int, dict[float, BaseGeometry]]:
        """Return place → minutes → isochrone, of the places drawn so far in this process; whoever draws more adds them."""
        key = {"walks": self.walks[walker].digest, "circles": fingerprint(list(minutes))}
        empty: dict[int, dict[float, BaseGeometry]] = {}
        return self.cache.get_or_compute(f"circles of {walker}", key, lambda: empty, on_disk=False).value

    @property
    def _walk_digests(self) -> dict[str, str]:
        return {f"walks of {walker}": found.digest for walker, found in self.walks.items()}


def interval_text(incumbent: float | None, bound: float | None) -> str:
    """Return incumbent and bound as the note of a progress event; nothing while either is unknown."""
    return "" if incumbent is None or bound is None else f"{incumbent:,.0f} ≤ {bound:,.0f}"


def _code(*parts: str, libraries: Iterable[str]) -> str:
    return fingerprint([code_of(*parts), versions_of(*libraries)])


def _file_digest(block: Any, base: Path) -> str:
    """Return the digest of a layer and what its files hold; of one in a database never the same, for it may hold other rows."""
    return fingerprint([block, hashes_in(block, base), uuid.uuid4().hex if databases_in(block) else ""])


def _groups(study: Study) -> str:
    """Return the digest of the demand groups in their order: who belongs to which decides whom a sum of heads counts once."""
    return fingerprint(
        [[name, group.model_dump(mode="json", exclude={"name"})] for name, group in study.groups.items()]
    )


def _plain(study: Study, part: str) -> Any:
    return study.model_dump(mode="json", include={part})[part]


def _areas(study: Study, *, of_people: bool = False) -> dict[str, str]:
    """Return the digest of the areas, or of where they are and how their people differ."""
    kept: Any = _plain(study, "areas")
    if of_people:
        own = dict.fromkeys(OWN, True)
        kept = study.model_dump(
            mode="json",
            include={"areas": {"__all__": {"by": True, "name": True, "services": {"__all__": own}}}},
        )["areas"]
    return {"areas": fingerprint(kept)}


def _each(layers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give every layer with its name, those of a list one by one."""
    for name, block in layers.items():
        if isinstance(block, list):
            yield from ((f"{name}.{i}", item) for i, item in enumerate(block))
        else:
            yield name, block


def _array_digest(array: NDArray[np.generic]) -> str:
    return hashlib.sha256(f"{array.dtype}{array.shape}".encode() + array.tobytes()).hexdigest()
