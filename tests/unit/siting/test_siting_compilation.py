"""What compiling takes never counts towards the time limit of a plan: the loops are compiled before, for arrays of every problem."""

import pytest

from planner.siting.heuristics.ruin_recreate import PlanConstructor, compile_loops, ruin_and_recreate
from planner.siting.mip.constraints import formulate
from tests.oracle.drawn import drawn_problem


@pytest.mark.deep
def test_the_loops_are_compiled_for_the_arrays_of_every_problem():
    compile_loops()
    before = list(ruin_and_recreate.signatures)
    tried = 0
    for seed in range(60):
        constructor = PlanConstructor.for_form(formulate(drawn_problem(seed)))
        if constructor is not None:
            constructor.construct(0, 1)
            tried += 1
    assert tried > 5
    assert list(ruin_and_recreate.signatures) == before
    assert len(before) == 1
