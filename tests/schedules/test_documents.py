"""Files and command lines of other libraries, as those libraries write and read them."""

import json
import math
from collections.abc import Callable

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import glidepath as gp
from glidepath.schedules.dialects.documents import Document, Terms, read
from glidepath.schedules.families import FAMILIES
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule

TRAINING_ARGUMENTS = """{
  "output_dir": "out", "overwrite_output_dir": false, "do_train": true, "eval_strategy": "no",
  "per_device_train_batch_size": 8, "gradient_accumulation_steps": 4, "learning_rate": 0.0003, "weight_decay": 0.1,
  "adam_beta1": 0.9, "adam_beta2": 0.95, "adam_epsilon": 1e-08, "max_grad_norm": 1.0, "num_train_epochs": 3.0,
  "max_steps": 1000, "lr_scheduler_type": "cosine", "lr_scheduler_kwargs": {}, "warmup_ratio": 0.03,
  "warmup_steps": 0, "log_level": "passive", "deepspeed": null, "optim": "adamw_torch", "fsdp": []
}"""
SCRIPT = """#!/bin/bash
# It won't run here.
export CUDA_DEVICE_MAX_CONNECTIONS=1
MAX_ITERS=500000
LR="6.0e-5"

GPT_ARGS="
    --num-layers 24 \\
    --micro-batch-size 1 --global-batch-size 1024 \\
    --adam-beta2 0.95 \\
    --lr ${LR} --train-iters $MAX_ITERS \\
    --cuda-graph-warmup-steps 3
"
TRAINING_ARGS=(
    --weight-decay 0.1
    --lr-decay-style cosine  # as in the paper
    --min-lr=6.0e-6
    --lr-warmup-fraction .001
    --lr-decay-iters 430000
    --override-opt_param-scheduler
)
torchrun --nproc_per_node 8 pretrain_gpt.py $GPT_ARGS ${TRAINING_ARGS[@]} 2>&1 | tee "$HOME/log"
"""
TIMM = "./distributed_train.sh 4 /data --model resnet50 -b 256 --sched cosine --lr 0.4 --epochs 10 --warmup-epochs 2"
ARGS_YAML = """aa: rand-m9-mstd0.5
amp: true
batch_size: 256
cooldown_epochs: 1
decay_milestones:
- 3
- 6
decay_rate: 0.5
epochs: 8            # short
layer_decay: null
lr: 0.1
lr_base: 0.1
lr_noise: null
mean: [0.5, 0.5]
min_lr: 1e-6
model: resnet50
model_ema_warmup: false
model_kwargs: {}
sched: multistep
sched_on_updates: true
warmup_epochs: 0
warmup_lr: 1.0e-05
"""
DEEPSPEED = {
    "train_batch_size": 32,
    "optimizer": {"type": "AdamW", "params": {"lr": 2e-3, "betas": [0.9, 0.95]}},
    "scheduler": {
        "type": "WarmupDecayLR",
        "params": {
            "warmup_min_lr": 0,
            "warmup_max_lr": 1e-3,
            "warmup_num_steps": 10,
            "total_num_steps": 100,
            "warmup_type": "linear",
        },
    },
    "zero_optimization": {"stage": 2},
}


def schedule(text: str, horizon: int | None = None, **terms: object) -> Schedule:
    value = document(text, horizon, **terms).value
    assert isinstance(value, Schedule)
    return value


def document(text: str, horizon: int | None = None, **terms: object) -> Document:
    return read(text, Terms(None if horizon is None else gp.Horizon(horizon), **terms))  # type: ignore[arg-type]


def same(text: str, theirs: Callable[[int], float], steps: int, **terms: object) -> None:
    ours = schedule(text, **terms)(np.arange(steps))
    np.testing.assert_allclose(ours, [theirs(step) for step in range(steps)], rtol=1e-12, atol=1e-15)


# Our own forms


@pytest.mark.parametrize("write", [gp.to_json, gp.to_toml, str])
@pytest.mark.parametrize("one", FAMILIES, ids=lambda one: one.name)
def test_our_own_forms_are_read_as_they_were_written(one, write):
    for value in (one.recipe, one.recipe.over(50_000, peak=3e-4)):
        found = read(write(value))
        assert (found.library, found.value) == ("glidepath", value)
    assert read(one.name).value == one.recipe


@pytest.mark.parametrize("form", [gp.to_json, gp.to_toml])
def test_of_a_plan_the_learning_rate_is_read_and_the_rest_is_kept(form):
    plan = Plan(gp.cosine().over(10, peak=0.1), beta2=0.95, weight_decay=0.1)
    found = read(form(plan))
    assert (found.title, found.value, found.beta2, found.plan) == ("glidepath plan", plan.lr, 0.95, plan)


# transformers


def hf(step: int, warm: int, total: int, peak: float) -> float:
    if step < warm:
        return peak * step / warm
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm)))


def test_training_arguments_as_json_as_a_command_line_and_as_yaml_are_one_schedule():
    line = "--learning_rate 3e-4 --lr_scheduler_type cosine --warmup_ratio 0.03 --max_steps 1000 --bf16 True"
    yaml = "### train\nlearning_rate: 3.0e-4\nlr_scheduler_type: cosine\nwarmup_ratio: 0.03\nmax_steps: 1000\n"
    for text in (TRAINING_ARGUMENTS, f"torchrun train.py \\\n {line}", line.replace("_", "-"), yaml):
        same(text, lambda step: hf(step, 30, 1_000, 3e-4), 1_000)
        assert document(text).run_steps == 1_000
    assert document(TRAINING_ARGUMENTS).beta2 == 0.95


@pytest.mark.parametrize(
    ("arguments", "warm", "total"),
    [
        ("--warmup_steps 0.07 --max_steps 100", 8, 100),  # 7.000000000000001, rounded up as theirs is
        ("--warmup_steps 12 --warmup_ratio 0.5 --max_steps 100", 12, 100),
        ("--warmup_steps 12.9 --max_steps 100", 12, 100),
        ("--warmup_ratio 0.101 --max_steps 100", 11, 100),
        ("--warmup_steps=0.1 --num_train_epochs 2.5", 13, 125),
    ],
)
def test_a_warmup_is_rounded_as_transformers_rounds_it(arguments, warm, total):
    text = f"--learning_rate 1 --lr_scheduler_type cosine {arguments}"
    same(text, lambda step: hf(step, warm, total, 1.0), total, steps_per_epoch=50)


def test_what_the_arguments_leave_out_is_said():
    found = document("--lr_scheduler_type linear --per_device_train_batch_size 8", 300)
    assert set(found.assumed) == {"learning_rate=5e-05", "num_train_epochs=3.0"}
    assert found.value(0) == 5e-05  # type: ignore[operator]
    assert document("--lr_scheduler_type linear", 300, peak=1.0).value.peak == 1.0  # type: ignore[union-attr]


def test_kwargs_of_the_scheduler_are_a_table_or_a_text():
    given = '{"min_lr_rate": 0.1}'
    line = f"--lr_scheduler_type cosine_with_min_lr --learning_rate 1 --max_steps 50 --lr_scheduler_kwargs '{given}'"
    table = {
        "lr_scheduler_type": "cosine_with_min_lr",
        "learning_rate": 1.0,
        "max_steps": 50,
        "lr_scheduler_kwargs": json.loads(given),
    }
    yaml = (
        "lr_scheduler_type: 'cosine_with_min_lr'\nlearning_rate: 1\nmax_steps: 50\n"
        "lr_scheduler_kwargs:\n  min_lr_rate: 0.1\n"
    )
    for text in (line, json.dumps(table), yaml):
        same(text, lambda step: 0.1 + 0.9 * hf(step, 0, 50, 1.0), 50)


def test_a_warmup_that_is_never_used_and_a_scheduler_elsewhere_are_noted():
    constant = '{"lr_scheduler_type": "constant", "warmup_steps": 10, "max_steps": 100, "deepspeed": "zero2.json"}'
    notes = document(constant).notes
    assert "never used" in notes[0]
    assert "zero2.json" in notes[1]


# Megatron-LM


def megatron(step: float, *, warm: float, decay: float, peak: float, low: float, style: str = "cosine") -> float:
    if warm and step <= warm:
        return peak * step / warm
    if step > decay:
        return low
    way = (step - warm) / (decay - warm)
    return low + (peak - low) * (0.5 * (math.cos(math.pi * way) + 1) if style == "cosine" else 1 - way)


def test_a_shell_script_with_comments_arrays_quotes_and_variables():
    found = document(SCRIPT)
    value = found.value
    steps = np.arange(0, 500_000, 997)
    theirs = [megatron(step, warm=430, decay=430_000, peak=6e-5, low=6e-6) for step in steps]
    np.testing.assert_allclose(value(steps), theirs, rtol=1e-12)  # type: ignore[operator]
    assert (found.library, found.run_steps, found.beta2) == ("megatron", 500_000, 0.95)
    assert str(value).startswith("(warmup(430, ")


@given(
    batch=st.integers(1, 40),
    samples=st.integers(400, 900),
    decay=st.integers(300, 900),
    warm=st.integers(0, 250),
    style=st.sampled_from(["cosine", "linear"]),
)
def test_lengths_in_samples_are_exact_where_they_end_between_two_updates(batch, samples, decay, warm, style):
    text = (
        f"--lr 1 --min-lr 0.1 --lr-decay-style {style} --train-samples {samples} --lr-decay-samples {decay} "
        f"--lr-warmup-samples {warm} --global-batch-size {batch}"
    )

    def theirs(step: int) -> float:
        return megatron(step * batch, warm=warm, decay=decay, peak=1.0, low=0.1, style=style)

    run = samples // batch
    assert document(text).run_steps == run
    same(text, theirs, run)


@given(share=st.sampled_from(["0.01", ".015", "0.033", "1e-2"]), run=st.integers(20, 400), batch=st.integers(1, 9))
def test_a_share_as_warmup_is_not_rounded(share, run, batch):
    text = (
        f"--lr 1 --train-iters {run} --lr-decay-style linear --lr-warmup-fraction {share} --global-batch-size {batch}"
    )

    def theirs(step: int) -> float:
        return megatron(step, warm=float(share) * run, decay=run, peak=1.0, low=0.0, style="linear")

    same(text, theirs, run)


def test_a_decay_longer_than_the_run_and_a_floor_that_no_style_uses():
    cut = document("--lr 1 --train-iters 1000 --lr-decay-iters 5000 --lr-decay-style linear --lr-warmup-iters 10")
    assert (cut.run_steps, cut.value.horizon.steps) == (1_000, 5_001)  # type: ignore[union-attr]
    flat = document("--lr 1 --min-lr 0.1 --train-iters 100 --lr-decay-style constant")
    assert flat.notes == ("min_lr=0.1 is never used, because lr_decay_style is constant",)


@pytest.mark.parametrize("style", ["linear", "cosine", "minus_sqrt"])
def test_warmup_stable_decay(style):
    unit = {
        "linear": lambda way: 1 - way,
        "cosine": lambda way: 0.5 * (1 + math.cos(math.pi * way)),
        "minus_sqrt": lambda way: 1 - math.sqrt(way),
    }[style]
    text = (
        "--lr 1 --min-lr 0.2 --train-iters 100 --lr-warmup-iters 10 --lr-decay-style WSD "
        f"--lr-wsd-decay-iters 20 --lr-wsd-decay-style {style}"
    )
    same(text, lambda t: t / 10 if t < 10 else 1.0 if t < 80 else 0.2 + 0.8 * unit((t - 80) / 20), 100)


@pytest.mark.parametrize(("warm", "batch"), [(5, 1), (0, 8), (0, 1)])
def test_a_root_without_a_warmup_is_one_of_samples(warm, batch):
    """Megatron takes the root of samples where nothing else says at what scale it begins."""
    text = (
        f"--lr 1 --min-lr 0.2 --train-iters 60 --lr-warmup-iters {warm} --lr-decay-style inverse-square-root "
        f"--global-batch-size {batch}"
    )

    def theirs(step: int) -> float:
        if step < warm:
            return step / warm
        return max(0.2, math.sqrt(max(warm * batch, 1) / max(step * batch, 1)))

    same(text, theirs, 60)


def test_what_a_command_line_does_to_other_groups_or_at_a_resume_is_noted():
    line = "--lr 1 --train-iters 100 --lr-warmup-iters 5 --decoupled-lr 3 --use-checkpoint-opt_param-scheduler"
    notes = document(line).notes
    assert "embeddings" in notes[0]
    assert "checkpoint" in notes[1]


# timm


def timm(index: int, epochs: float, warm: int, peak: float = 0.4) -> float:
    if index < warm:
        return 1e-5 + index * (peak - 1e-5) / warm
    return 0.5 * peak * (1 + math.cos(math.pi * index / epochs))


def test_timm_sets_the_rate_once_an_epoch_or_once_an_update():
    same(TIMM, lambda step: timm(step // 7, 10, 2), 70, steps_per_epoch=7)
    same(TIMM, lambda step: timm(step // 7, 10, 2), 70, horizon=70)
    same(f"{TIMM} --sched-on-updates", lambda step: timm(step, 70, 14), 70, steps_per_epoch=7)
    found = document(f"{TIMM} --cooldown-epochs 3", steps_per_epoch=7)
    assert found.run_steps == 91
    assert "warmup_lr=1e-05" in found.assumed
    assert "sched_on_updates=False" in found.assumed


def test_the_args_yaml_of_a_run():
    """Milestones are one update early in timm, and a cooldown is only of cyclic schedules."""
    found = document(ARGS_YAML, steps_per_epoch=5)
    assert (found.title, found.run_steps, found.assumed) == ("timm multistep", 40, ())
    same(ARGS_YAML, lambda t: 0.1 * 0.5 ** ((t + 1 >= 15) + (t + 1 >= 30)), 40, steps_per_epoch=5)


@pytest.mark.parametrize("every", ["2.4", "3", "0.7"])
def test_a_step_of_so_many_epochs_and_a_bit(every):
    text = f"--sched step --epochs 12 --decay-epochs {every} --decay-rate 0.97 --lr 0.1 --warmup-epochs 0"
    same(text, lambda t: 0.1 * 0.97 ** ((t // 4) // float(every)), 48, steps_per_epoch=4)
    same(f"{text} --sched-on-updates", lambda t: 0.1 * 0.97 ** (t // (float(every) * 4)), 48, steps_per_epoch=4)


@pytest.mark.parametrize("sched", ["constant", "none"])
def test_a_rate_that_stays(sched):
    text = f"--sched {sched} --epochs 4 --lr 0.1 --warmup-epochs 2 --warmup-lr 0 --sched-on-updates"
    warm = 10 if sched == "constant" else 0
    same(text, lambda t: 0.1 * t / warm if t < warm else 0.1, 20, horizon=20)


def test_poly_takes_its_power_from_the_decay_rate():
    text = "--sched poly --epochs 10 --lr 0.4 --decay-rate 2 --warmup-epochs 0 --sched-on-updates --dr 2"
    same(text, lambda t: 0.4 * (1 - t / 40) ** 2, 40, steps_per_epoch=4)


@pytest.mark.parametrize(("given", "down"), [("", 8), ("--decay-epochs 0.5", 20), ("--decay-epochs 3", 15)])
def test_wsd_decays_over_a_share_or_over_epochs(given, down):
    text = f"--sched wsd --epochs 10 --lr 1 --warmup-epochs 2 --warmup-lr 0 --sched-on-updates {given}"

    def theirs(t: int) -> float:
        return t / 10 if t < 10 else 1 - math.sqrt(max(0, t - (50 - down)) / down)

    same(text, theirs, 50, steps_per_epoch=5)


def test_rsqrt_has_a_timescale_in_epochs():
    text = "--sched rsqrt --epochs 10 --lr 1 --warmup-epochs 0 --lr-stable-timescale 2 --decay-epochs 5 --min-lr 0"

    def theirs(t: int) -> float:
        e = t // 3
        return (1 + e / 2) ** -0.5 * (1 - max(0, e - 5) / 5)

    same(text, theirs, 30, steps_per_epoch=3)


def test_the_updates_of_an_epoch_may_be_the_horizons_and_layers_are_noted():
    planned = gp.Horizon(70, steps_per_epoch=7)
    found = read(f"{TIMM} --layer-decay 0.7", Terms(planned))
    assert found.value.horizon.steps == 70  # type: ignore[union-attr]
    assert "layer_decay" in found.notes[0]


# DeepSpeed, and libraries by name


def test_a_deepspeed_block_lags_by_one_update():
    found = document(json.dumps(DEEPSPEED))
    same(json.dumps(DEEPSPEED), lambda t: 1e-3 * min(max(t - 1, 0) / 10, (101 - t) / 90), 100)
    assert (found.title, found.beta2) == ("deepspeed WarmupDecayLR", 0.95)


def test_deepspeed_takes_the_optimizers_rate_and_torchs_schedulers():
    block = {"type": "StepLR", "params": {"step_size": 5, "gamma": 0.5}}
    text = json.dumps({"optimizer": DEEPSPEED["optimizer"], "scheduler": block})
    same(text, lambda t: 2e-3 * 0.5 ** (t // 5), 20, horizon=20)


def test_a_librarys_own_configuration_with_its_name():
    fields = {"library": "torch", "name": "PolynomialLR", "config": {"total_iters": 10, "power": 2.0}, "base_lr": 0.5}
    same(json.dumps(fields), lambda t: 0.5 * (1 - t / 10) ** 2, 10)
    same("library = 'torch'\nname = 'LinearLR'\n[config]\ntotal_iters = 4\n", lambda t: (1 + t / 2) / 3, 4, horizon=4)
