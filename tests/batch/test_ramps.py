"""Batch ramps: whole sizes, the same samples, lr / sqrt(B) of the plan at every update, and the way back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glidepath as gp
from glidepath.batch import Ramp, batch_warmup, constant_batch, seesaw

PLANS = (
    "warmup(2%) >> cosine()",
    "warmup(2%) >> cosine(to=0.1)",
    "warmup(50) >> hold() >> decay(20%, shape=1-sqrt)",
    "linear()",
    "steps(30%, factor=0.5)",
    "decay(to=0.01, shape=exponential)",
)
plans = st.builds(
    lambda text, steps, peak: gp.parse(text).over(steps, peak=peak),
    st.sampled_from(PLANS),
    st.integers(200, 2_000),
    st.floats(1e-6, 10),
)
ramps = st.builds(
    lambda plan, size, doublings, optimizer: seesaw(plan, size, most=size << doublings, optimizer=optimizer),
    plans,
    st.integers(1, 512),
    st.integers(0, 6),
    st.sampled_from(["adamw", "sgd"]),
)


def every(ramp: Ramp) -> list[tuple[float, int, int]]:
    """(learning rate, batch size, samples seen before) of every update."""
    seen, rows = 0, []
    for step in range(ramp.steps):
        lr, size = ramp.at(step)
        rows.append((lr, size, seen))
        seen += size
    return rows


@given(ramps)
def test_the_samples_of_the_plan_are_kept_and_sizes_rise(ramp):
    planned = ramp.plan.horizon.steps * ramp.batch_size
    assert abs(ramp.samples - planned) <= ramp.sizes[-1] / 2
    assert list(ramp.sizes) == sorted(set(ramp.sizes))
    assert sum(size for _, size, _ in every(ramp)) == ramp.samples


@given(ramps)
def test_every_update_is_alike_to_the_plans_at_the_same_sample(ramp):
    for lr, size, seen in every(ramp)[:: max(1, ramp.steps // 200)]:
        expected = ramp.plan(seen / ramp.batch_size) / ramp.batch_size**ramp.power
        assert lr / size**ramp.power == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(ramps)
def test_no_batch_is_larger_than_the_decay_speaks_for_and_no_rate_above_its_root(ramp):
    """Where the plan is down to a share a of its peak, the batch is at most B/a, the rate at most a^(1-power) of it.

    A size begins at a whole step, up to half of one before its place, so that a is that of one batch later.
    """
    highest = ramp.plan.peak
    for lr, size, seen in every(ramp)[:: max(1, ramp.steps // 200)]:
        now, later = (ramp.plan(at / ramp.batch_size) / highest for at in (seen, seen + size))
        if size > ramp.batch_size and later > 0:
            assert later <= ramp.batch_size / size * (1 + 1e-6)
            assert lr <= highest * now * later**-ramp.power * (1 + 1e-6)


@given(ramps)
def test_both_schedules_say_what_every_update_uses(ramp):
    steps = np.arange(ramp.steps)[:: max(1, ramp.steps // 300)]
    lr, size = ramp.lr(steps), ramp.batch(steps)
    exact = [ramp.at(step) for step in steps.tolist()]
    assert lr == pytest.approx([one for one, _ in exact], abs=2e-5 * ramp.plan.peak)
    assert np.floor(size + 0.5).tolist() == [one for _, one in exact]
    assert ramp.lr.horizon.steps == ramp.batch.horizon.steps == ramp.steps


@given(ramps)
def test_the_way_back_is_the_plan(ramp):
    optimizer = "adamw" if ramp.power < 1 else "sgd"
    back = constant_batch(ramp.lr, ramp, ramp.batch_size, optimizer=optimizer)
    assert abs(back.horizon.steps - ramp.plan.horizon.steps) <= max(ramp.sizes) / ramp.batch_size / 2 + 1
    if "steps" in str(ramp.plan.recipe):
        return
    last = min(back.horizon.steps, ramp.plan.horizon.steps) - 2 * max(ramp.sizes) // ramp.batch_size
    steps = np.arange(0, max(1, last), max(1, last // 300))
    slope = np.abs(np.diff(ramp.plan(np.arange(0, ramp.plan.horizon.steps, 1)))).max()
    allowed = 1e-4 * ramp.plan.peak + slope * max(ramp.sizes) / ramp.batch_size
    assert back(steps) == pytest.approx(ramp.plan(steps), abs=allowed)


def test_step_decay_is_the_published_table():
    ramp = seesaw(gp.steps(100, factor=0.5).over(400, peak=1.0), 64, most=512)
    assert (ramp.begins, ramp.sizes, ramp.steps) == ((0, 100, 150, 175), (64, 128, 256, 512), 188)
    for index, begin in enumerate(ramp.begins):
        assert ramp.at(begin)[0] == pytest.approx(0.5 ** (index / 2))
    sgd = seesaw(gp.steps(100, factor=0.5).over(400, peak=1.0), 64, most=512, optimizer="sgd")
    assert {ramp_lr for ramp_lr, _, _ in every(sgd)} == {1.0}


def test_fine_sizes_come_to_the_limit_of_the_theory():
    """A quarter of a cosine has 2/pi of its steps left (Meterez et al. 2025)."""
    steps = 4_000
    quarter = gp.points([(t, math.cos(math.pi * t / steps / 2)) for t in range(0, steps, 5)]).over(steps, peak=1.0)
    ramp = seesaw(quarter, 256, sizes=sorted({round(256 * 1.01**power) for power in range(400)}))
    assert ramp.saved == pytest.approx(1 - 2 / math.pi, abs=0.01)
    sizes = ramp.lr(np.arange(ramp.steps - 1))
    assert (sizes[1:] < 1.04 * sizes[:-1]).all()


def test_a_ramp_is_a_plan_that_an_optimizer_can_be_driven_by():
    ramp = seesaw(gp.steps(100, factor=0.5).over(300, peak=0.1), 64, most=256)
    plan = gp.Plan(ramp.lr, batch_size=ramp.batch)
    assert plan.at(120)["batch_size"] == 128
    assert plan.at(120)["lr"] == pytest.approx(0.1 / math.sqrt(2))


def test_before_the_start_and_past_the_end():
    ramp = seesaw(gp.linear(to=0.1).over(100, peak=1.0), 8, most=64)
    assert ramp.at(-5) == ramp.at(0)
    assert ramp.at(10**9) == ramp.at(ramp.steps)


def test_a_plan_longer_than_any_run_is_a_ramp_at_once(limit):
    with limit(2.0):
        ramp = seesaw((gp.warmup("1%") >> gp.cosine()).over(10**17, peak=1.0), 4_096, most=2**20)
        assert ramp.lr(ramp.steps // 2) == pytest.approx(ramp.at(ramp.steps // 2)[0], abs=1e-4)


@pytest.mark.parametrize(
    ("critical", "sizes"),
    [
        ([(0, 64), (25_600, 256)], ((0, 133, 267), (64, 128, 256))),
        ([(0, 1_000)], ((0,), (256,))),
        ([(0, 64), (10_000, 100)], ((0,), (64,))),
        ([(0, 64), (6_400, 256), (12_800, 128), (25_600, 256)], ((0, 200, 250), (64, 128, 256))),
    ],
)
def test_a_batch_warmup_stays_at_or_below_what_was_measured(critical, sizes):
    plan = gp.cosine().over(1_000, peak=3e-4)
    ramp = batch_warmup(plan, 256, critical)
    places, found = zip(*critical, strict=True)
    for lr, size, seen in every(ramp):
        assert size <= max(np.interp(seen + size, places, found), ramp.sizes[0])
        assert lr == pytest.approx(plan(seen / 256) * math.sqrt(size / 256))
    if len(critical) < 4:
        assert (ramp.begins, ramp.sizes) == sizes
    assert abs(ramp.samples - 256_000) <= 128


def test_a_batch_warmup_in_sizes_of_ones_own():
    ramp = batch_warmup(gp.hold().over(1_000, peak=1.0), 300, [(0, 100), (30_000, 400)], sizes=[100, 150, 300])
    assert ramp.sizes == (100, 150, 300)
    assert ramp.begins == (0, 50, 150)


def test_a_size_that_the_first_measurement_allows_begins_at_once():
    ramp = batch_warmup(gp.hold().over(100, peak=1.0), 64, [(0, 50), (3_200, 64)], sizes=[16, 32, 64])
    assert (ramp.begins, ramp.sizes) == ((0, 100), (32, 64))


def test_a_plan_of_less_than_a_batch_is_one_update():
    ramp = batch_warmup(gp.hold().over(1, peak=1.0), 64, [(0, 1_000)], sizes=[16, 64])
    assert (ramp.steps, ramp.sizes) == (1, (64,))
    short = constant_batch(ramp.lr, ramp, 4_096)
    assert short.horizon.steps == 1


def test_a_ramp_says_its_steps_and_sizes():
    ramp = seesaw(gp.steps(100, factor=0.5).over(300, peak=1.0), 64, most=128)
    assert str(ramp) == "200 steps in place of 300 for 19200 samples: 64 from step 0, 128 from step 100"


# ---- Errors. ----

PLAN = gp.cosine().over(1_000, peak=1.0)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"schedule": gp.cosine()}, "bind it"),
        ({"schedule": None}, "bind it"),
        ({"schedule": gp.repeat(gp.cosine(), times=2, factor=0.5).over(100, peak=1.0)}, "only falls"),
        ({"batch_size": 0}, "the batch size"),
        ({"batch_size": 2.5}, "the batch size"),
        ({"most": 32}, "largest batch size"),
        ({"most": math.inf}, "largest batch size"),
        ({"most": None}, "one of most="),
        ({"sizes": [64, 128]}, "one of most="),
        ({"most": None, "sizes": [32, 64]}, "from the batch size 64 on"),
        ({"most": None, "sizes": [64, 64]}, "ascending"),
        ({"most": None, "sizes": []}, "batch sizes such as"),
        ({"most": None, "sizes": range(64, 10**9)}, "batch sizes such as"),
        ({"most": None, "sizes": [64, "128"]}, "each batch size"),
        ({"optimizer": "adm"}, "adam"),
    ],
)
def test_a_ramp_that_cannot_be_is_refused(complaint, change, part):
    assert part in complaint(seesaw, **({"schedule": PLAN, "batch_size": 64, "most": 256} | change))


@pytest.mark.parametrize(
    "critical", [[], None, "64", [1, 2], [(0,)], [(0, 64), (0, 128)], [(5, 64), (1, 128)], [(0, 0)], [(0, math.nan)]]
)
def test_measurements_that_are_none_are_refused(complaint, critical):
    complaint(batch_warmup, PLAN, 256, critical)


@pytest.mark.parametrize("step", [0.5, "3", None, math.nan, True])
def test_a_step_of_a_ramp_is_a_whole_number(complaint, step):
    assert "a step" in complaint(seesaw(PLAN, 64, most=128).at, step)


def test_sizes_of_a_warmup_end_with_the_batch_size(complaint):
    assert "up to the batch size 256" in complaint(batch_warmup, PLAN, 256, [(0, 64)], sizes=[64, 128])


def test_what_is_too_long_to_look_at_is_refused(complaint):
    long = gp.cosine().over(10**9, peak=1.0)
    assert "at most 2000000 steps" in complaint(constant_batch, long, long, 64)
    many = gp.hold().over(1_000_000, peak=1e6)
    assert "take a larger batch size" in complaint(constant_batch, gp.cosine().over(1_000_000, peak=1.0), many, 1)


def test_a_curve_that_no_drawing_holds_is_refused(complaint):
    saw = gp.repeat(gp.linear(), every=4).over(22_000, peak=1.0)  # 11,000 corners
    assert "shorten it" in complaint(constant_batch, saw, gp.hold().over(22_000, peak=64), 64)


def test_a_multiplier_is_one_and_nothing_is_no_curve(complaint):
    ramp = seesaw(gp.cosine().over(1_000), 64, most=128)
    assert ramp.lr.peak is None
    assert ramp.lr(0) == 1.0
    up = batch_warmup(gp.hold().over(100), 64, [(0, 8)])
    assert up.lr(0) == pytest.approx(math.sqrt(1 / 8))
    assert "above 0" in complaint(lambda: seesaw(gp.hold(at=0.0).over(100, peak=1.0), 64, most=128).lr)
