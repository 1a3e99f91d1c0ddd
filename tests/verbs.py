"""Verbs as the command line calls them: compute, store, write the reports, each with the folder it stands in afterwards."""

from __future__ import annotations

from planner.store.cache import Cache
from planner.workflow import assess as assessing
from planner.workflow import explain as explaining
from planner.workflow import frontier as tracing
from planner.workflow import plan as planning
from planner.workflow import review as reviewing
from planner.workflow.decisions import read_decisions
from planner.workflow.pipeline import Pipeline, open_result


def plan(study_file, *, publish=None, require_optimal=False, **where):
    """Return run and folder."""
    with open_result(study_file, **where) as result:
        run = planning.plan(result.pipeline, require_optimal=require_optimal)
        with result.stored(run):
            _published(publish, run, result.folder)
    return run, result.target


def assess(study_file, *, publish=None, **where):
    """Return assessment and folder."""
    with open_result(study_file, "assessment", **where) as result:
        assessment = assessing.assess(result.pipeline)
        with result.stored(assessment):
            _published(publish, assessment, result.folder)
    return assessment, result.target


def explain(study_file, *, time_limit_s=explaining.TIME_LIMIT_S, **where):
    """Return run, explanation and folder."""
    with open_result(study_file, **where) as result:
        run, explanation = explaining.explain(result.pipeline, time_limit_s=time_limit_s)
        explanation.write(result.folder / "explanation")
        with result.stored(run):
            pass
    return run, explanation, result.target


def frontier(study_file, *, steps, **where):
    """Return frontier and folder."""
    with open_result(study_file, "frontier", **where) as result:
        found = tracing.frontier(result.pipeline, steps=steps)
        with result.stored(found):
            pass
    return found, result.target


def review(study_file, decisions_file, *, publish=None, **where):
    """Return review and folder."""
    decisions = read_decisions(decisions_file)
    with open_result(study_file, "review", scenario=decisions.run.scenario, **where) as result:
        found = reviewing.review(result.pipeline, decisions)
        with result.stored(found):
            _published(publish, found, result.folder)
    return found, result.target


def compute_run(study, folder, *, scenario="base", cache=None):
    """Return the run of a study whose layers lie in a folder; nothing is written."""
    return planning.plan(pipeline_of(study, folder, scenario=scenario, cache=cache))


def pipeline_of(study, folder, *, scenario="base", cache=None):
    """Return the pipeline of a study whose layers lie in a folder."""
    return Pipeline(study, folder, scenario, **({} if cache is None else {"cache": cache}))


def _published(publish, *result_and_folder):
    if publish is not None:
        publish(*result_and_folder)


class Keys(Cache):
    """A cache in memory that notes the key of every stage."""

    def __init__(self):
        super().__init__(None)
        self.keys = {}

    def get_or_compute(self, stage, depends_on, make, **options):
        self.keys[stage] = depends_on
        return super().get_or_compute(stage, depends_on, make, **options)


def key_of(stage, study, folder, read):
    """Return the key of a stage: what the pipeline hands to the cache when it is read."""
    cache = Keys()
    read(pipeline_of(study, folder, cache=cache))
    return cache.keys[stage]


def layers_key(study, folder):
    """Return the key of the district."""
    return key_of("layers", study, folder, lambda pipeline: pipeline.layers)
