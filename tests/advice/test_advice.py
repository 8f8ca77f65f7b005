"""Advice: first what holds for every task, then the published settings, then what is refused."""

import json
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glidepath as gp
from glidepath.advice import EVIDENCE, TASKS, Advice, Interval, Number, Remark, recommend, to_plain
from glidepath.advice.tasks import OPTIMIZERS, WORDS
from glidepath.schedules.feedback import fold, rule_from_spec

PAIRS = [(task, optimizer) for task, found in TASKS.items() for optimizer in found.optimizers]
LARGEST = 10**18  # steps of a horizon

pairs = st.sampled_from(PAIRS)
horizons = st.one_of(
    st.none(),
    st.integers(1, LARGEST),
    st.builds(
        gp.Horizon,
        st.integers(1, 10**9),
        steps_per_epoch=st.one_of(st.none(), st.integers(1, 10**6)),
        tokens_per_step=st.one_of(st.none(), st.integers(1, 10**7)),
    ),
)
batches = st.one_of(st.none(), st.integers(1, 10**12))
models = st.one_of(st.none(), st.floats(1, 1e15), st.sampled_from(["125M", "llama-3-8b-instruct", "1.3e9"]))


def advised(pair: tuple[str, str], **named: object) -> Advice:
    return recommend(pair[0], optimizer=pair[1], **named)


@given(pairs, horizons, batches, models)
def test_the_peak_is_in_order_and_every_number_is_grounded(pair, horizon, batch, model):
    advice = advised(pair, horizon=horizon, batch_size=batch, model=model)
    assert 0 < advice.peak.low <= advice.peak.lr <= advice.peak.high
    assert (advice.task, advice.optimizer) == pair
    for one in (*advice.numbers, *advice.watch, *advice.changes, *advice.notes):
        text = one.what if hasattr(one, "what") else one.reason
        assert text
        assert one.source
        assert one.evidence in EVIDENCE
    names = [number.name for number in advice.numbers]
    assert len(set(names)) == len(names)
    assert {"peak", "warmup", "floor", "clip", "weight_decay"} < set(names)


@given(pairs, horizons, batches, st.integers(1, LARGEST))
def test_the_recipe_and_every_change_of_it_lie_over_any_horizon(pair, horizon, batch, other):
    advice = advised(pair, horizon=horizon, batch_size=batch)
    for recipe in (advice.recipe, *(change.recipe for change in advice.changes if change.recipe is not None)):
        assert gp.parse(str(recipe)) == recipe
        schedule = replace(advice, recipe=recipe).schedule(other if horizon is None else None)
        values = schedule(np.array([0, schedule.horizon.steps // 2, schedule.horizon.steps]))
        assert (values >= 0).all()
        assert (values <= advice.peak.lr * (1 + 1e-12)).all()


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("steps", [1, 2, 3, 10, 39, 40, 10_000])
def test_the_warmup_and_the_floor_that_are_told_are_those_of_the_recipe(pair, steps):
    advice = advised(pair, horizon=steps)
    schedule = advice.schedule()
    warm = schedule.horizon.place(advice.warmup.value)
    assert schedule(warm) == advice.peak.lr
    assert warm == 0 or schedule(warm - 1) < advice.peak.lr
    if not advice.rules:
        assert schedule(steps) == pytest.approx(advice.peak.lr * advice.floor.value)


@given(pairs, horizons, batches, models)
def test_changed_peaks_stay_in_the_interval_or_a_little_below(pair, horizon, batch, model):
    advice = advised(pair, horizon=horizon, batch_size=batch, model=model)
    moved = {change.when: change.peak for change in advice.changes if change.peak is not None}
    assert advice.peak.lr < moved["underfits"] <= advice.peak.high * 1.05
    assert advice.peak.low * 0.95 <= moved["diverges"] < advice.peak.lr


@given(pairs, horizons, batches, models)
def test_advice_in_plain_types_goes_through_json_and_its_recipe_comes_back(pair, horizon, batch, model):
    advice = advised(pair, horizon=horizon, batch_size=batch, model=model)
    plain = to_plain(advice)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert gp.from_spec(plain["spec"]) == advice.recipe
    assert tuple(rule_from_spec(rule["spec"]) for rule in plain["rules"]) == advice.rules
    assert len(plain["numbers"]) == len(advice.numbers)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_says_what_to_watch_and_what_to_change(task):
    advice = recommend(task)
    whens = [change.when for change in advice.changes]
    assert advice.watch
    for event in ("underfits", "overfits", "spikes", "diverges"):
        assert any(when.startswith(event) for when in whens)


@given(st.floats(1e6, 1e12), st.floats(1.01, 100))
def test_a_larger_model_never_gets_a_larger_peak(parameters, factor):
    for task in TASKS:
        small, large = (recommend(task, model=size).peak for size in (parameters, parameters * factor))
        assert large.value <= small.value


@given(st.integers(1, 8192), st.integers(1, 8192))
def test_the_peak_of_sgd_is_linear_in_the_batch_up_to_8192(one, other):
    first, second = (recommend("cnn", batch_size=size).peak.lr for size in (one, other))
    assert first / second == pytest.approx(one / other, rel=0.01)


def test_the_worked_example_of_fine_tuning_comes_out_exactly():
    horizon = gp.Horizon(10_000, steps_per_epoch="10000/3")
    for given_horizon in (10_000, "10k", horizon):
        advice = recommend("fine-tuning", optimizer="adamw", horizon=given_horizon, batch_size=32)
        assert (advice.peak.low, advice.peak.high) == (2e-5, 5e-5)
        assert str(advice.recipe) == "warmup(5%) >> cosine(to=0.1)"
        assert (advice.warmup.value, advice.floor.value) == ("5%", 0.1)
        schedule = advice.schedule()
        assert schedule.boundaries == (0, 500)
        assert schedule(500) == advice.peak.lr
        assert schedule(10_000) == pytest.approx(0.1 * advice.peak.lr)


PUBLISHED = [
    # what is asked, a peak that a publication used, the recipe
    ({"task": "pre-training", "model": "125M", "horizon": 10}, 6e-4, "warmup(2%) >> cosine(to=0.1)"),
    ({"task": "pre-training", "model": "GPT-3 175B", "horizon": 10}, 0.6e-4, "warmup(2%) >> cosine(to=0.1)"),
    ({"task": "pre-training", "model": "llama-7b", "horizon": 10}, 3e-4, "warmup(2%) >> cosine(to=0.1)"),
    ({"task": "pre-training", "model": "llama-65b", "horizon": 10}, 1.5e-4, "warmup(2%) >> cosine(to=0.1)"),
    ({"task": "pre-training", "model": "llama-3-405b", "horizon": 10}, 8e-5, "warmup(2%) >> cosine(to=0.1)"),
    ({"task": "pre-training"}, 3e-4, "warmup(2%) >> hold() >> decay(20%, shape=1-sqrt)"),
    ({"task": "fine-tuning", "model": "bert-340M"}, 3e-5, "warmup(5%) >> cosine(to=0.1)"),
    ({"task": "fine-tuning", "model": 1.3e9}, 9.65e-6, "warmup(5%) >> cosine(to=0.1)"),
    ({"task": "fine-tuning", "model": "llama-2-70b"}, 2e-5, "warmup(5%) >> cosine(to=0.1)"),
    ({"task": "lora", "model": "7B"}, 2e-4, "warmup(3%) >> linear()"),
    ({"task": "lora", "model": "65B"}, 1e-4, "warmup(3%) >> linear()"),
    ({"task": "cnn", "batch_size": 256}, 0.1, "warmup(5%) >> cosine()"),
    ({"task": "cnn", "batch_size": 8192}, 3.2, "warmup(5%) >> cosine()"),
    ({"task": "small-data"}, 1e-3, "hold()"),
    ({"task": "small-data", "optimizer": "sgd"}, 1e-2, "hold()"),
    ({"task": "reinforcement-learning"}, 2.5e-4, "linear()"),
    ({"task": "reinforcement-learning"}, 3e-4, "linear()"),
]


@pytest.mark.parametrize(("asked", "peak", "recipe"), PUBLISHED)
def test_published_peaks_lie_in_the_interval(asked, peak, recipe):
    advice = recommend(**asked)
    assert advice.peak.low <= peak <= advice.peak.high
    assert str(advice.recipe) == recipe


def test_lion_goes_3_to_10_times_lower_with_as_much_more_decay():
    adam, lion = (recommend("fine-tuning", optimizer=name) for name in ("adamw", "lion"))
    assert lion.peak.value == pytest.approx((2e-5 / 10, 3e-5 / 30**0.5, 5e-5 / 3), rel=0.03)
    products = [one.peak.lr * one.weight_decay.value for one in (adam, lion)]
    assert products[1] == pytest.approx(products[0], rel=0.03)
    assert recommend("lora", optimizer="lion").weight_decay.value == 0


def test_muon_takes_the_peak_of_adamw_and_says_for_which_scaling():
    muon = recommend("pre-training", optimizer="muon", model="1B")
    assert muon.peak.value == recommend("pre-training", model="1B").peak.value
    assert "match_rms_adamw" in muon.peak.reason
    assert (muon.momentum.name, muon.momentum.value) == ("momentum", 0.95)


def test_five_epochs_of_warmup_where_they_are_known_and_short():
    long, short = (gp.Horizon(epochs * 100, steps_per_epoch=100) for epochs in (90, 10))
    assert recommend("cnn", horizon=long).schedule().boundaries == (0, 500)
    assert recommend("cnn", horizon=short).schedule().boundaries == (0, 50)


def test_the_rules_of_small_data_cut_and_then_stop():
    plateau, stop = recommend("small-data").rules
    stalled = [(step, 1.0) for step in range(40)]
    assert fold(plateau, stalled[:12]).multiplier == 0.1
    assert fold(plateau, stalled).multiplier >= recommend("small-data").floor.value
    assert fold(stop, stalled).stopped


def test_where_nothing_is_published_it_says_folklore():
    for task in TASKS:
        advice = recommend(task)
        words = {one.evidence for one in (*advice.numbers, *advice.watch, *advice.changes, *advice.notes)}
        assert "folklore" in words
        unknown = [one for one in (*advice.watch, *advice.changes) if "no publication" in one.source]
        assert all(one.evidence == "folklore" for one in unknown)
    assert recommend("pre-training", model="100k").peak.evidence == "folklore"


def test_epochs_of_any_length_are_advised_on():
    for rate in ("1e-300", "1e300", 7):
        for task in TASKS:
            assert recommend(task, horizon=gp.Horizon(LARGEST, steps_per_epoch=rate)).schedule()(0) > 0


def test_counts_of_numpy_are_counts():
    asked = recommend("cnn", batch_size=np.int64(512), model=np.int32(10**6))
    assert asked == recommend("cnn", batch_size=512, model=1e6)


def test_notes_say_what_was_assumed():
    def noted(**asked: object) -> str:
        return " ".join(note.what for note in recommend(**asked).notes)

    assert "multiplies a tuned peak by 2," in noted(task="fine-tuning", batch_size=128)
    assert "square-root" not in noted(task="fine-tuning", batch_size=32)
    assert "more than 4 epochs" in noted(task="fine-tuning", horizon=gp.Horizon(1_000, steps_per_epoch=100))
    assert "LARS" in noted(task="cnn", batch_size=10_000)
    assert "a batch of 256" in noted(task="cnn")
    assert "square-root" not in noted(task="small-data", optimizer="sgd", batch_size=8)
    assert "no rule of it is published" in noted(task="rl", batch_size=64)
    assert "fewer than 40" in noted(task="pre-training", horizon=1_000)
    assert "does not move" in noted(task="pre-training", batch_size=8)


def test_the_batch_of_the_horizon_counts_too(complaint):
    horizon = gp.Horizon(100, samples_per_step=1024)
    assert recommend("cnn", horizon=horizon) == recommend("cnn", horizon=horizon, batch_size=1024)
    assert "as the horizon has it" in complaint(recommend, "cnn", horizon=horizon, batch_size=256)


SPELLED = [(" Fine Tuning ", "fine-tuning"), ("PRE_TRAINING", "pre-training"), ("CNN with SGD", "cnn")]


@pytest.mark.parametrize(("word", "task"), [*WORDS.items(), *SPELLED])
def test_tasks_have_other_words(word, task):
    assert recommend(word).task == task


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"task": "fine-tunning"}, "did you mean 'fine-tuning'"),
        ({"task": None}, "expected a task"),
        ({"task": "x" * 10_000}, "expected a task"),
        ({"task": "lora", "optimizer": "adamvw"}, "did you mean 'adamw'"),
        ({"task": "lora", "optimizer": 3}, "expected an optimizer"),
        ({"task": "pre-training", "optimizer": "sgd"}, "SGD trains transformers far worse"),
        ({"task": "fine-tuning", "optimizer": "muon"}, "no peak of it is known to carry"),
        ({"task": "cnn", "optimizer": "adamw"}, "expected sgd for cnn"),
        ({"task": "cnn", "batch_size": 0}, "batch_size"),
        ({"task": "cnn", "batch_size": 2.5}, "batch_size"),
        ({"task": "cnn", "batch_size": True}, "batch_size"),
        ({"task": "cnn", "batch_size": 10**400}, "batch_size"),
        ({"task": "lora", "horizon": "3 epochs"}, "batches_per_epoch"),
        ({"task": "lora", "horizon": 0}, "at least 1 step"),
        ({"task": "lora", "horizon": 2.5}, "expected an amount"),
    ],
)
def test_what_cannot_be_advised_on_is_refused_in_a_sentence(complaint, asked, said):
    assert said in complaint(recommend, **asked)


@pytest.mark.parametrize(
    "model", [0, -1, nan, inf, True, 10**400, 1e16, "", "bert", "8x7B", "1B or 7B", "7" * 200, "٧B", [7], "1e99"]
)
def test_a_model_without_a_size_is_refused(complaint, model):
    assert "number of parameters" in complaint(recommend, "pre-training", model=model)


def test_every_optimizer_is_advised_on_or_refused_for_a_reason(complaint):
    for task, found in TASKS.items():
        assert set(OPTIMIZERS) == set(found.optimizers) | set(found.refused)
        for optimizer, why in found.refused.items():
            assert why[:30] in complaint(recommend, task, optimizer=optimizer)


def test_what_is_not_grounded_is_no_advice(complaint):
    assert "did you mean 'measured'" in complaint(Remark, "a", "b", "mesured")
    assert "a text and a source" in complaint(Number, "clip", 1.0, "because", "", "folklore")
    assert "low <= lr <= high" in complaint(Interval, 2.0, 1.0, 3.0, "a", "b", "folklore")


def test_without_a_horizon_there_is_no_schedule(complaint):
    advice = recommend("lora")
    assert "write schedule(10_000)" in complaint(advice.schedule)
    assert advice.schedule(100, peak=1e-3).peak == 1e-3
