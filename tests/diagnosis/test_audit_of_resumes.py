"""What a resume did to a schedule is told with either plan and without one, and a step of a decay is no seam."""

import numpy as np
import pytest

from glidepath import cosine, decay, hold, warmup
from glidepath.diagnosis.audit import audit
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Recipe, Schedule

PEAK = 3e-4
SHORT, LONG = ((warmup(8, start=0) >> cosine()).over(steps, peak=PEAK) for steps in (60, 120))
RESUMED = 30  # at which one update has the stored rate


@pytest.mark.parametrize(("first", "then"), [(SHORT, LONG), (LONG, SHORT)], ids=["longer", "shorter"])
@pytest.mark.parametrize("marked", [True, False])
def test_another_horizon_behind_a_resume_is_told_where_it_shows(first: Schedule, then: Schedule, marked: bool) -> None:
    steps = np.arange(then.horizon.steps)
    rates = np.where(steps <= RESUMED, first(steps), then(steps))
    run = Run({"lr": Curve("lr", steps, rates)}, segments=(0, RESUMED) if marked else (0,))
    plans = (None, first, then) if marked or then is LONG else (first, then)  # a fall may be planned
    for plan in plans:
        (found,) = (one for one in audit(run, plan).findings if one.kind != "zero start")
        assert (found.kind, found.begin) == ("seam", RESUMED + 1)
    assert audit(run, then).findings[0].numbers["horizon"] == first.horizon.steps


@pytest.mark.parametrize(
    "recipe",
    [hold(31) >> hold(30, at=0.1) >> hold(at=0.01), hold(31) >> decay(shape="1-sqrt"), warmup(31) >> hold(at=0.5)],
)
def test_a_step_of_a_decay_behind_a_resume_is_no_seam(recipe: Recipe) -> None:
    steps = np.arange(400)
    rates = recipe.over(steps.size, peak=PEAK)(steps)
    run = Run({"lr": Curve("lr", steps, rates)}, segments=(0, RESUMED))
    assert all(one.kind != "seam" for one in audit(run).findings)


def test_a_scheduler_that_begins_anew_at_a_resume() -> None:
    plan = (warmup(40) >> cosine()).over(400, peak=PEAK)
    rates = [*plan(np.arange(250)), *plan(np.arange(150))]
    found = audit(Run({"lr": Curve("lr", np.arange(400), rates)}, segments=(0, 250)), plan).findings[0]
    assert (found.kind, found.begin) == ("seam", 250)
    assert "begins anew" in found.evidence
