"""Configurations of the trainers of language models, against formulas written here."""

import math
from math import exp, sqrt

import numpy as np
import pytest
import torch
from dialect_sizes import FLOAT32, Case, Formula, Sizes, check, sizes, spoil, wave
from hypothesis import given
from hypothesis import strategies as st

from glidepath.schedules import dialects


def up(s: Sizes, t: int, first: float = 0.0) -> float:
    return s.peak * (first + (1 - first) * t / s.warm)


LEAVES = {
    "linear": lambda u: 1 - u,
    "cosine": wave,
    "sqrt": lambda u: 1 - sqrt(u),
    "minus_sqrt": lambda u: 1 - sqrt(u),
    "1-sqrt": lambda u: 1 - sqrt(u),
    "exponential": lambda u: 2 * 0.5**u - 1,
}


def titan(s: Sizes, kind: str) -> Formula:
    """It goes on behind its end: below 0, or up again."""

    def formula(t: int) -> float:
        if t < s.warm:
            return s.peak * (t + 1) / s.warm
        gone = max(0.0, (t - s.total + s.down) / s.down)
        return s.peak * (s.low + (1 - s.low) * LEAVES[kind](gone))

    return formula


def neox(s: Sizes, kind: str) -> Formula:
    low, room = s.low * s.peak, s.total - s.warm
    leaves: dict[str, Formula] = {
        "linear": lambda n: s.peak * (room - n) / room,
        "cosine": lambda n: low + (s.peak - low) * wave(n / room),
        "exponential": lambda n: s.peak * exp(-0.693 * n / room),
        "constant": lambda _: s.peak,
    }
    return lambda t: s.peak * max(1, t) / s.warm if t <= s.warm else max(low, leaves[kind](t - s.warm))


def nanotron(s: Sizes, kind: str) -> Formula:
    def formula(t: int) -> float:
        gone = min(1.0, max(0.0, (t - s.warm - s.flat) / s.down))
        return up(s, t) if t <= s.warm else s.peak * (s.low + (1 - s.low) * LEAVES[kind](gone))

    return formula


def others(s: Sizes) -> list[Case]:
    low, room, cases = s.low * s.peak, s.total - s.warm, []
    for kind in ("linear", "sqrt", "cosine"):
        config = {"warmup_steps": s.warm, "training_steps": s.total, "decay_type": kind, "min_lr_factor": s.low}
        cases.append(
            ("torchtitan", "LRSchedulersContainer", {**config, "decay_ratio": s.down / s.total}, titan(s, kind))
        )
    for kind in ("linear", "cosine", "exponential", "constant"):
        config = {"start_lr": s.peak, "warmup_iter": s.warm, "total_iters": s.total, "min_lr": low}
        cases.append(("gpt-neox", "AnnealingLR", {**config, "decay_style": kind}, neox(s, kind)))
    for kind in ("linear", "cosine", "1-sqrt"):
        config = {"learning_rate": s.peak, "lr_warmup_steps": s.warm, "lr_warmup_style": "linear", "min_decay_lr": low}
        config |= {"lr_decay_style": kind, "lr_decay_starting_step": s.warm + s.flat, "lr_decay_steps": s.down}
        cases.append(("nanotron", "lr_scheduler_builder", config, nanotron(s, kind)))
    plan = {"learning_rate": s.peak, "min_lr": low}
    litgpt = {**plan, "warmup_iters": s.warm, "max_iters": s.total}
    nanogpt = {**plan, "warmup_iters": s.warm, "lr_decay_iters": s.total}
    tune = {"num_warmup_steps": s.warm, "num_training_steps": s.total, "num_cycles": s.power}

    def waved(t: int) -> float:
        return low + (s.peak - low) * wave(min(1.0, (t - s.warm) / room))

    return [
        *cases,
        ("litgpt", "get_lr", litgpt, lambda t: up(s, t) if t < s.warm else waved(t)),
        ("nanogpt", "get_lr", nanogpt, lambda t: s.peak * (t + 1) / (s.warm + 1) if t < s.warm else waved(t)),
        ("nanogpt", "get_lr", {**nanogpt, "decay_lr": False}, lambda _: s.peak),
        (
            "torchtune",
            "get_cosine_schedule_with_warmup",
            tune,
            lambda t: up(s, t) if t < s.warm else s.peak * wave(2 * s.power * (t - s.warm) / room),
        ),
    ]


@given(s=sizes, data=st.data())
def test_readings_are_the_formulas_three_horizons_past_the_end_too(s, data):
    check(*data.draw(st.sampled_from(others(s))), s.total, s.peak)


@given(s=sizes, data=st.data())
def test_nothing_but_our_own_errors_escapes(limit, s, data):
    with limit(5):
        spoil(data, data.draw(st.sampled_from(others(s))), s.peak)


@given(sizes, st.sampled_from(["linear", "sqrt", "cosine"]))
def test_torchtitan_counted_otherwise_when_its_floor_was_lr_min(s, kind):
    def formula(t: int) -> float:
        if t < s.warm:
            return s.peak * (t + 1) / (s.warm + 1)
        gone = (t + 1 - s.warm - s.flat) / (s.down + 1)
        return s.peak * (s.low + (1 - s.low) * LEAVES[kind](max(0.0, gone)))

    config = {"warmup_steps": s.warm, "total_steps": s.total, "decay_type": kind, "decay_ratio": s.down / s.total}
    check("torchtitan", "LRSchedulersContainer", {**config, "lr_min": s.low}, formula, s.total, s.peak)


@given(sizes, st.sampled_from(["cosine", "linear", "wsd", "constant"]))
def test_llm_c_counts_in_float32(s, kind):
    config = {"learning_rate": s.peak, "warmup_iterations": s.warm, "train_num_batches": s.total}
    ours = dialects.read("llm.c", kind, {**config, "final_learning_rate_frac": s.low}).schedule
    begin = math.floor(np.float32(0.8) * np.float32(s.total)) if kind == "wsd" else s.warm
    leaves = {**LEAVES, "wsd": LEAVES["sqrt"], "constant": lambda _: 1.0}[kind]

    def formula(t: int) -> float:
        if t < s.warm and kind != "constant":
            return s.peak * (t + 1) / s.warm
        return s.peak * (s.low + (1 - s.low) * leaves(max(0.0, (t - begin) / (s.total - begin))))

    theirs = [formula(t) for t in range(s.total)]
    np.testing.assert_allclose(ours(range(s.total)), theirs, rtol=FLOAT32)


@given(sizes)
def test_litgpts_finetuning_is_the_torch_schedulers_that_it_joins(s):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=s.peak)
    up = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / s.warm)
    down = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=s.total - s.warm)
    both = torch.optim.lr_scheduler.SequentialLR(optimizer, [up, down], milestones=[s.warm])
    theirs = []
    for _ in range(4 * s.total):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        both.step()
    config = {"warmup_steps": s.warm, "max_steps": s.total}
    ours = dialects.read("litgpt", "get_lr_scheduler", config, base_lr=s.peak, faithful=True).schedule
    np.testing.assert_allclose(ours(range(4 * s.total)), theirs, rtol=0, atol=1e-9 * s.peak)  # torch's own recursion


@pytest.mark.parametrize(
    ("library", "name", "config", "horizon", "said"),
    [
        ("torchtitan", "LRSchedulersContainer", {"warmup_steps": 2}, 20, "below its least value behind step 20"),
        ("torchtitan", "LRSchedulersContainer", {"decay_type": "cosine", "warmup_steps": 2}, 20, "climbs again"),
        (
            "gpt-neox",
            "AnnealingLR",
            {"start_lr": 1, "warmup_iter": 2, "total_iters": 9, "decay_style": "cosine"},
            9,
            "climbs",
        ),
        ("nanotron", "lr_scheduler_builder", {"learning_rate": 1.0, "min_decay_lr": 0.1}, 9, "update 0"),
        (
            "nanotron",
            "lr_scheduler_builder",
            {"learning_rate": 1.0, "min_decay_lr": 0.1, "lr_warmup_steps": 2, "lr_decay_starting_step": 5},
            9,
            "a second time",
        ),
        ("nanotron", "lr_scheduler_builder", {"learning_rate": 0.5, "lr_decay_steps": 0}, 9, "squares"),
    ],
)
def test_what_was_mended_is_said(library, name, config, horizon, said):
    mended = dialects.read(library, name, config, horizon=horizon)
    assert said in " ".join(mended.notes)
    assert dialects.read(library, name, config, horizon=horizon, faithful=True).notes == ()
    assert mended.schedule(3 * horizon) == mended.schedule(9 * horizon)


def test_nanotron_is_idle_once_ends_early_and_squares_only_when_asked():
    late = {"learning_rate": 1.0, "min_decay_lr": 0.0, "lr_warmup_steps": 3, "lr_decay_starting_step": 6}
    kept = dialects.read("nanotron", "lr_scheduler_builder", late, horizon=10, faithful=True).schedule
    mended = dialects.read("nanotron", "lr_scheduler_builder", late, horizon=10).schedule
    assert kept(range(6, 10)).tolist() == pytest.approx([1, 0, 0, 0])
    assert mended(range(6, 10)).tolist() == pytest.approx([1, 0.75, 0.5, 0.25])
    bare = {"learning_rate": 0.5, "lr_decay_steps": 0}
    assert dialects.read("nanotron", "lr_scheduler_builder", bare, horizon=10, faithful=True).schedule(3) == 0.25


NEOX = {"start_lr": 1.0, "warmup_iter": 3, "total_iters": 10, "decay_style": "linear"}


@pytest.mark.parametrize(
    ("library", "name", "config", "shown"),
    [
        ("gpt-neox", "AnnealingLR", {**NEOX, "min_lr": -0.1}, "min_lr from 0"),
        ("gpt-neox", "AnnealingLR", {**NEOX, "warmup_iter": 10}, "below total_iters"),
        ("gpt-neox", "AnnealingLR", {"start_lr": 1.0}, "warmup_iter"),
        ("gpt-neox", "AnealingLR", NEOX, "did you mean 'AnnealingLR'?"),
        ("llm.c", "wsd", {"learning_rate": 1.0, "warmup_iterations": 20, "train_num_batches": 20}, "below"),
        ("litgpt", "get_lr", {"warmup_iters": 3, "max_iters": 3, "min_lr": 0.0}, "below max_iters"),
        ("torchtune", "get_cosine_schedule_with_warmup", {"num_warmup_steps": 1, "num_cycles": 1e9}, "half waves"),
        ("nanotron", "lr_scheduler_builder", {"learning_rate": math.nan}, "learning_rate as a number"),
        ("torchtitan", "LRSchedulersContainer", {"decay_ratio": 1.5}, "decay_ratio from 0 to 1"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, library, name, config, shown):
    assert shown in complaint(dialects.read, library, name, config, horizon=20)
