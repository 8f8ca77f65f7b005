"""Laws of where parts stand: sequence, boundaries, shares."""

from fractions import Fraction
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given
from reference import Plan, bounds, half_up
from strategies import HORIZONS, plans

import glidepath as gp
from glidepath import GlidepathError

PERCENTS = st.integers(0, 100_000).map(lambda thousandths: Fraction(thousandths, 1_000))


def written(percent: Fraction) -> str:
    return f"{float(percent):.3f}%"


@given(a=plans(most=2), b=plans(most=2), c=plans(most=2))
def test_sequence_is_associative(a: Plan, b: Plan, c: Plan) -> None:
    try:
        left = (a.recipe >> b.recipe) >> c.recipe
    except GlidepathError:  # two parts without a length, wherever the brackets stand
        with pytest.raises(GlidepathError):
            a.recipe >> (b.recipe >> c.recipe)
    else:
        assert left == a.recipe >> (b.recipe >> c.recipe)
        assert left.parts == (*a.recipe.parts, *b.recipe.parts, *c.recipe.parts)


def test_sequence_with_what_is_no_recipe_is_pythons_own_type_error() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        gp.hold() >> 5


@given(plan=plans())
def test_boundaries_are_whole_and_cumulative_and_those_of_the_reference(plan: Plan) -> None:
    found = plan.schedule.boundaries
    assert all(type(bound) is int for bound in found)
    assert found[0] == 0
    assert list(found) == sorted(found)
    assert list(found) == bounds(plan)[:-1]
    assert found[-1] <= plan.steps


@given(plan=plans())
def test_parts_are_as_long_as_their_boundaries_say(plan: Plan) -> None:
    schedule = plan.schedule
    ends = [begin + piece.length for begin, piece in zip(schedule.boundaries, schedule.pieces, strict=True)]
    assert tuple(ends[:-1]) == schedule.boundaries[1:]
    open_end = any("length" not in arguments for _, arguments in plan.parts)
    assert ends[-1] == plan.steps if open_end else ends[-1] <= plan.steps


@given(cuts=st.lists(PERCENTS, max_size=6), steps=HORIZONS)
def test_shares_that_add_up_to_all_fill_the_horizon_to_the_step(cuts: list[Fraction], steps: int) -> None:
    marks = [Fraction(0), *sorted(cuts), Fraction(100)]
    shares = [after - before for before, after in pairwise(marks)]
    recipe = gp.hold(written(shares[0]))
    for share in shares[1:]:
        recipe = recipe >> gp.hold(written(share))
    schedule = recipe.over(steps)
    assert schedule.boundaries[-1] + schedule.pieces[-1].length == steps
    assert list(schedule.boundaries) == [half_up(mark / 100 * steps) for mark in marks[:-1]]


@given(percent=PERCENTS, steps=HORIZONS)
def test_a_share_is_the_exact_rational_rounded_half_up_at_either_end(percent: Fraction, steps: int) -> None:
    whole = half_up(percent / 100 * steps)
    first = (gp.warmup(written(percent)) >> gp.hold()).over(steps)
    last = (gp.hold() >> gp.decay(written(percent))).over(steps)
    assert first.boundaries == (0, whole)
    assert last.boundaries == (0, steps - whole)


def test_a_length_of_0_is_a_part_like_any_other() -> None:
    schedule = (gp.warmup(0, to=0.5) >> gp.hold(0) >> gp.hold() >> gp.decay(0)).over(10, peak=1.0)
    assert schedule.boundaries == (0, 0, 0, 10)
    assert schedule([0, 9, 10, 11]).tolist() == [0.5, 0.5, 0.0, 0.0]


def test_the_cycles_of_a_restart_begin_exactly_where_the_sum_says() -> None:
    cycle = 10
    recipe, sums = gp.warmup(0) >> gp.cosine(cycle), [0]
    for _ in range(12):
        sums.append(sums[-1] + cycle)
        cycle *= 2
        recipe = recipe >> gp.warmup(0) >> gp.cosine(cycle)
    schedule = recipe.over(sums[-1] + cycle, peak=3e-4)
    assert list(schedule.boundaries[::2]) == sums
    assert schedule(sums).tolist() == [3e-4] * len(sums)
    assert (schedule([total - 1 for total in sums[1:]]) < 1e-5).all()


def test_a_boundary_step_belongs_to_the_part_that_begins_there() -> None:
    schedule = (gp.hold(5) >> gp.warmup(5, start=0.25, to=0.75) >> gp.hold()).over(20, peak=1.0)
    assert schedule([4, 5, 9, 10]).tolist() == [1.0, 0.25, pytest.approx(0.65), 0.75]


@pytest.mark.parametrize("parts", [("50%", "50%"), ("33.4%", "66.6%"), ("0.1%", "99.9%")])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 999])
def test_shares_around_an_open_part_never_overlap(parts: tuple[str, str], steps: int) -> None:
    schedule = (gp.warmup(parts[0]) >> gp.hold() >> gp.decay(parts[1])).over(steps)
    assert sum(piece.length for piece in schedule.pieces) == steps
    assert all(piece.length >= 0 for piece in schedule.pieces)


def test_what_follows_parts_that_end_early_is_held() -> None:
    schedule = gp.linear(10, to=0.2).over(100, peak=1.0)
    assert schedule([9, 10, 50, 100, 200]).tolist() == [pytest.approx(0.28), 0.2, 0.2, 0.2, 0.2]
