"""Everything that hangs together with the batch size: exact formulas, what is kept, and what is refused."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import glidepath as gp
from glidepath.batch import Setup, rescale

ADAMW = {"lr": 3e-4, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1}
SMALL = st.integers(1, 64)


def adamw(**more: object) -> Setup:
    return Setup(batch_size=256, **(ADAMW | more))


def facts(found: object, kind: str) -> dict[str, object]:
    return {fact.what: fact.after for fact in getattr(found, kind)}


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@given(SMALL, SMALL, st.floats(1e-6, 1), st.floats(1e-4, 1))
def test_the_timescale_of_the_weight_decay_is_kept_in_samples(optimizer, before, after, lr, decay):
    setup = Setup(batch_size=before, optimizer=optimizer, lr=lr, weight_decay=decay)
    other = rescale(setup, batch_size=after).after
    assert after / (other.lr * other.weight_decay) == pytest.approx(before / (lr * decay))


@given(SMALL, st.integers(1, 8), st.floats(0.5, 0.999))
def test_a_half_life_is_kept_in_samples(batch, more, beta2):
    found = rescale(Setup(batch_size=batch, beta2=beta2, beta1=0.9), batch_size=batch * more, betas="half-life")
    assert batch * more / math.log(found.after.beta2) == pytest.approx(batch / math.log(beta2))
    assert found.after.beta1 == 0.9
    assert "half-life of beta2, samples" in facts(found, "kept")


@given(SMALL, SMALL, st.integers(0, 10**9), st.integers(1, 10**9))
def test_position_and_horizon_stay_at_the_same_samples(before, after, step, horizon):
    other = rescale(Setup(batch_size=before, step=step, horizon=horizon), batch_size=after).after
    assert abs(Fraction(other.step * after) - step * before) <= Fraction(after, 2)
    assert other.steps == max(1, math.floor(Fraction(horizon * before, after) + Fraction(1, 2)))


@given(st.sampled_from([1, 2, 4, 8]), st.sampled_from([1, 2, 4, 8]))
def test_there_and_back_is_where_it_was(one, other):
    setup = Setup(batch_size=32, world_size=one, beta1=0.99, beta2=0.999, lr=1e-3, eps=1e-8, weight_decay=0.1)
    back = rescale(rescale(setup, world_size=other).after, world_size=one).after
    for name in ("lr", "beta1", "beta2", "eps", "weight_decay"):
        assert getattr(back, name) == pytest.approx(getattr(setup, name))


def test_the_square_root_rule_to_the_digit():
    found = rescale(adamw(horizon=10_000, warmup=200, step=1_000), batch_size=1_024)
    after = found.after
    assert (found.rule.name, found.factor) == ("square-root", 2.0)
    assert (after.lr, after.eps, after.weight_decay) == pytest.approx((6e-4, 5e-9, 0.2))
    assert (after.beta1, after.beta2) == pytest.approx((0.6, 0.8))
    assert (after.horizon, after.warmup, after.step) == (2_500, 50, 250)
    assert facts(found, "kept")["samples seen"] == 256_000
    assert "timescale of the weight decay, samples" in facts(found, "kept")


def test_sgd_goes_by_the_linear_rule_with_its_longer_warmup():
    setup = Setup(batch_size=256, optimizer="sgd", lr=0.1, momentum=0.9, weight_decay=1e-4, warmup=500, horizon=9_000)
    after = rescale(setup, world_size=8).after
    assert (after.lr, after.momentum, after.weight_decay) == pytest.approx((0.8, 0.9, 1e-4))
    assert (after.warmup, after.horizon) == (500, 1_125)
    assert rescale(setup, batch_size=128).after.warmup == 1_000


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "rmsprop"])
def test_a_weight_decay_inside_of_adams_gradient_is_left_alone(optimizer):
    assert rescale(adamw(optimizer=optimizer), batch_size=512).after.weight_decay == 0.1


def test_another_way_to_the_same_global_batch_changes_nothing_and_says_so():
    setup = Setup(batch_size=8, world_size=16, accumulation=2, schedule=gp.cosine().over(1_000, peak=1e-3), step=7)
    found = rescale(setup, world_size=4, accumulation=8)
    assert facts(found, "changed") == {"world_size": 4, "accumulation": 8}
    assert found.after.schedule == setup.schedule
    assert "the global batch is the same" in str(found)


def test_it_says_what_it_kept_and_what_it_changed():
    text = str(rescale(adamw(step=1_001), batch_size=1_024))
    changed, kept = text.split("kept\n")
    assert "  lr: 0.0003 -> 0.0006  (square-root: " in changed
    assert "  timescale of the weight decay, samples: " in kept
    assert "note: the position is 256 samples before its place" in kept


# ---- Schedules. ----


@pytest.mark.parametrize(
    "text",
    [
        "warmup(2%) >> cosine(to=0.1)",
        "warmup(200) >> hold() >> decay(20%, shape=1-sqrt)",
        "warmup(200) >> cosine(9800)",
        "warmup(120) >> repeat(cosine(), every=1000)",
        str(gp.warmup(40) >> gp.points({0: 1.0, 500: 0.5, 5_000: 0.1})),
        "hold(3333) >> decay(3333) >> hold(3334)",
        str(gp.stretch(gp.linear(), 800)),
    ],
)
@pytest.mark.parametrize("batch", [64, 100, 1_024])
def test_a_schedule_is_the_same_curve_over_the_samples(text, batch):
    before = gp.parse(text).over(10_000, peak=1.0)
    found = rescale(Setup(batch_size=256, schedule=before), batch_size=batch)
    after = found.after.schedule
    seen = range(300 * 256, 9_900 * 256, 97_001)  # not of the warmup, whose first value is of its steps
    for samples in seen:
        low, high = sorted(before((samples + shift * max(batch, 256)) / 256) for shift in (-1, 1))
        assert low - 1e-3 <= after(samples / batch) / found.factor <= high + 1e-3 or "repeat" in text
    assert after.horizon.samples_per_step == batch
    assert after.peak == pytest.approx(found.factor)


def test_rates_of_the_horizon_are_those_of_the_new_step():
    horizon = gp.Horizon(1_000, steps_per_epoch=100, tokens_per_step=4_096, samples_per_step=8)
    schedule = (gp.warmup("1 epoch") >> gp.hold() >> gp.decay("409600 tokens")).over(horizon, peak=1.0)
    after = rescale(Setup(batch_size=8, schedule=schedule), batch_size=32).after.schedule
    assert (after.horizon.steps, after.horizon.steps_per_epoch, after.horizon.tokens_per_step) == (250, 25, 16_384)
    assert after.boundaries == (0, 25, 225)


def test_an_absolute_level_stays_and_a_warmup_of_beta2_follows_it():
    schedule = (gp.hold(0) >> gp.untuned(2_000, beta2=0.999) >> gp.cosine(to=gp.absolute(1e-5))).over(50_000, peak=1e-3)
    after = rescale(Setup(batch_size=8, beta2=0.999, schedule=schedule), batch_size=32).after
    assert after.schedule(12_500) == pytest.approx(1e-5)
    assert after.schedule.recipe.parts[1].beta2 == pytest.approx(0.996)
    assert after.schedule(250) / 2e-3 == pytest.approx(schedule(1_000) / 1e-3, rel=0.01)


def test_the_linear_rule_keeps_the_updates_of_a_schedules_warmup():
    schedule = (gp.warmup("5%") >> gp.cosine()).over(1_000, peak=0.1)
    after = rescale(Setup(batch_size=256, optimizer="sgd", schedule=schedule), world_size=4).after.schedule
    assert (after.boundaries, after.horizon.steps, after.peak) == ((0, 50), 250, 0.4)


@pytest.mark.parametrize(("asked", "steps"), [(5_000, 5_000), ("200%", 5_000), ("2560000 samples", 2_500)])
def test_another_horizon_is_in_steps_of_the_new_size(asked, steps):
    schedule = (gp.warmup(100) >> gp.cosine()).over(10_000, peak=3e-4)
    found = rescale(Setup(batch_size=256, schedule=schedule, step=100), batch_size=1_024, horizon=asked)
    assert (found.after.steps, found.after.step) == (steps, 25)
    assert found.after.schedule.boundaries == (0, 25)
    assert any("other horizon" in one for one in found.cautions) == (steps != 2_500)


def test_what_is_far_or_above_the_noise_scale_is_said():
    far = rescale(Setup(batch_size=8, lr=1.0), batch_size=8 * 64)
    assert any("farther than the rules were tried" in one for one in far.cautions)
    above = rescale(Setup(batch_size=8, lr=1.0), batch_size=64, rule="noise-scale", noise_scale=32)
    assert any("above the noise scale" in one for one in above.cautions)
    assert above.after.lr == pytest.approx(5 / 1.5)


# ---- Errors. ----


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 1.5}, "batch_size"),
        ({"batch_size": 10**30}, "batch_size"),
        ({"world_size": True}, "world_size"),
        ({"accumulation": "2"}, "accumulation"),
        ({"batch_size": 2**40, "world_size": 2**40}, "the global batch"),
        ({"batch_size": 4_096}, 'betas="half-life"'),
        ({"rule": "linaer"}, "linear"),
        ({"betas": "malladi"}, "square-root"),
        ({"betas": []}, "rule for the betas"),
        ({"horizon": "many"}, "horizon"),
        ({"horizon": 0}, "horizon"),
        ({"horizon": -(10**400)}, "horizon"),
        ({"rule": "surge"}, "noise scale"),
    ],
)
def test_what_cannot_be_rescaled_is_refused(complaint, change, part):
    setup = adamw(horizon=1_000)
    assert part in complaint(rescale, setup, **change)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lr", 0),
        ("lr", math.nan),
        ("lr", "3e-4"),
        ("eps", 0.0),
        ("weight_decay", -0.1),
        ("beta1", 1.0),
        ("beta2", 1.5),
        ("beta2", math.inf),
        ("momentum", -0.1),
        ("step", -1),
        ("step", 0.5),
        ("warmup", math.nan),
        ("horizon", 0),
        ("optimizer", "adamv"),
        ("optimizer", 3),
        ("schedule", "cosine()"),
        ("schedule", gp.cosine()),
    ],
)
def test_a_setup_out_of_range_is_refused(complaint, field, value):
    complaint(Setup, **({"batch_size": 8} | {field: value}))


def test_what_is_said_twice_or_fits_no_more_is_refused(complaint):
    schedule = gp.cosine().over(100, peak=1.0)
    assert "once" in complaint(Setup, batch_size=8, schedule=schedule, lr=1.0)
    assert "once" in complaint(Setup, batch_size=8, schedule=schedule, horizon=100)
    assert "Setup" in complaint(rescale, {"batch_size": 8})
    assert "in the setup" in complaint(rescale, Setup(batch_size=8), horizon=100)
    other = gp.cosine().over(gp.Horizon(100, samples_per_step=16), peak=1.0)
    assert "16 and 8" in complaint(rescale, Setup(batch_size=8, schedule=other), batch_size=16)
    long = (gp.warmup(90) >> gp.cosine()).over(100, peak=1.0)
    assert "fits" in complaint(rescale, Setup(batch_size=8, schedule=long), horizon=50)
