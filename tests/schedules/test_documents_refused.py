"""Texts that describe no schedule, or not whole, or too much of one: one sentence with the place, and at once."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import glidepath as gp
from glidepath import GlidepathError
from glidepath.schedules.dialects.documents import Terms, read
from glidepath.schedules.schedule import Schedule

Complaint = Callable[..., str]
Limit = Callable[[float], AbstractContextManager[None]]
TIMM = "./distributed_train.sh 4 /data --model resnet50 -b 256 --sched cosine --lr 0.4 --epochs 10 --warmup-epochs 2"
ROOT = "--lr 1 --train-iters 9 --lr-decay-style inverse-square-root"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "column 1"),
        ("cosin()", "did you mean 'cosine'"),
        ("{", "line 1 column 2"),
        ('{"a": 1}', "none of them says whose they are"),
        ("[1, 2]", "column 1"),
        ("a = ", "expected TOML"),
        ("learning_rate: 1\nnonsense", "line 2"),
        ("--learning_rate 3e-4 --max_steps 100", "none of them says"),
        ("--lr_scheduler_type cosine --warmup_ratio 0.1", "--steps-per-epoch"),
        ("--lr_scheduler_type cosin --max_steps 10", "did you mean 'cosine'"),
        ("--lr_scheduler_type cosine --max_steps 10 --warmup_step 3", "did you mean 'warmup_steps'"),
        ("--lr_scheduler_type cosine --max_steps 10 --warmup_steps ten", "warmup_steps"),
        ("--lr_scheduler_type cosine --max_steps 1.5", "max_steps"),
        ("--lr_scheduler_type cosine --max_steps 10 --lr_scheduler_kwargs '{x'", "as JSON"),
        ("--lr_scheduler_type cosine --max_steps 10 --lr_scheduler_kwargs 3", "as a table"),
        ("--lr_scheduler_type cosine --max_steps 10 --lr_scheduler_kwargs '[1]'", "as a table"),
        ('{"lr_scheduler_type": "cosine", "lr_scheduler_kwargs": {"num_training_steps": 5}, "max_steps": 9}', "num_tr"),
        ("--lr_scheduler_type cosine --max_steps 10 --learning_rate $LR", "got '$LR'"),
        ("--lr_scheduler_type cosine --max_steps 10 --learning_rate 1 --learning_rate 2", "twice"),
        ("--lr_scheduler_type cosine --max_steps 10 --learning_rate", "learning_rate"),
        (
            '{"lr_scheduler_type": "cosine", "deepspeed": {"scheduler": {}}, "max_steps": 9}',
            "no scheduler in deepspeed",
        ),
        ("--train-iters 100 --lr-decay-style linear", "--peak"),
        ("--lr 1 --lr-decay-style linear", "train_iters"),
        ("--lr 1 --train-samples 100", "global_batch_size"),
        ("--lr 1 --train-iters 100 --lr-decay-samples 50", "lr_decay_iters"),
        ("--lr 1 --train-iters 100 --lr-warmup-fraction 0.1 --lr-warmup-iters 3", "got both"),
        ("--lr 1 --train-iters 100 --rampup-batch-size 16 8 300000", "one size"),
        (ROOT, "a warmup or global_batch_size"),
        ("--lr 1 --train-iters 100 --lr-decay-style WSD", "lr_wsd_decay_iters"),
        (f"{ROOT} --lr-warmup-fraction .01 --global-batch-size 4", "of a sample"),
        (TIMM, "--steps-per-epoch 1251"),
        (TIMM.replace("--lr 0.4", ""), "expected lr"),
        (TIMM.replace("cosine", "cosin"), "did you mean 'cosine'"),
        (f"{TIMM} --dr 0.1 --decay-rate 0.2", "twice"),
        (f"{TIMM} --sched-on-updates maybe", "sched_on_updates"),
        (TIMM.replace("cosine", "multistep --decay-milestones 0 2"), "decay_milestones"),
        (TIMM.replace("cosine", "wsd --decay-epochs 9"), "decay_epochs"),
        (f"{TIMM} --lr-noise 0.4 0.9", "random"),
        (f"{TIMM} --sched-on-update", "did you mean 'sched_on_updates'"),
        ('{"zero_optimization": {}, "optimizer": {}}', "$.scheduler"),
        ('{"scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": "auto"}}}', "warmup_num_steps"),
        ('{"scheduler": {"type": "WarmupLR"}, "optimizer": {"params": {"lr": "auto"}}}', "$.optimizer.params.lr"),
        ('{"scheduler": {"type": "WarmupLR"}, "optimizer": {"params": {"lr": -1}}}', "$.optimizer.params.lr"),
        ('{"scheduler": {"type": "Warmup"}, "optimizer": {"params": {"lr": 1}}}', "did you mean 'WarmupLR'"),
        ('{"library": "torch", "name": "StepLR", "config": {}, "lr": 3}', "got 'lr'"),
        ('{"library": "torch", "name": "StepLR", "config": {"step_size": 2}, "base_lr": "x"}', "$.base_lr"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_the_place(complaint: Complaint, text: str, said: str) -> None:
    assert said in complaint(
        read, text, Terms(steps_per_epoch=7 if text.startswith("./") and "1251" not in said else None)
    )


def test_terms_that_no_run_has_are_refused(complaint: Complaint) -> None:
    for peak in (math.nan, 0, -1.0, "3e-4"):
        assert "above 0" in complaint(Terms, peak=peak)
    for updates in (0, 2.5, "3"):
        assert "from 1" in complaint(Terms, steps_per_epoch=updates)
    assert "whole updates of an epoch" in complaint(read, TIMM, Terms(gp.Horizon(71)))


MANY = 200_000
HOSTILE = {
    "quotes": "--lr '" + "'\"" * MANY,
    "escapes": '--lr "' + "\\" * MANY,
    "options": "--lr 1 " * MANY,
    "names": " ".join(f"--lr-{n} 1" for n in range(20_000)) + " --train-iters 5",
    "assignments": "A=(" * MANY + " --train-iters 5",
    "quotes in quotes": '--train-iters "' + "--lr '--lr " * 50_000,
    "lines": "sched: cosine\n" + "- 1\n" * MANY,
    "keys": "sched: cosine\n" + "".join(f"lr_{n}: 1\n" for n in range(20_000)),
    "blanks": "sched:" + " " * MANY + "x",
    "digits": f"--lr_scheduler_type cosine --max_steps {'9' * MANY}",
    "a huge exponent": "--lr_scheduler_type cosine --max_steps 9 --learning_rate 1e999",
    "deep": '{"scheduler": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "many epochs": "--sched cosine --epochs 1000000000 --lr 1",
    "many drops": "--sched step --epochs 1000000000 --decay-epochs 0.0000001 --lr 1 --sched-on-updates",
    "many cycles": "--sched cosine --epochs 3 --lr 1 --lr-cycle-limit 1000000000 --lr-cycle-mul 2 --sched-on-updates",
    "a fine share": f"--lr 1 --train-iters {'9' * 20} --lr-warmup-fraction 0.{'1' * 300}",
    "too long": "x" * 10_000_001,
    "a long command line": "--lr " + "x" * 1_000_001,
    "zeros": "\x00" * MANY,
    "not a text": b"--lr 1",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_at_once(complaint: Complaint, limit: Limit, name: str) -> None:
    with limit(4.0):
        complaint(read, HOSTILE[name], Terms(steps_per_epoch=3))


NAMES = st.sampled_from(
    [
        *("lr", "min-lr", "lr-decay-style", "lr-warmup-iters", "lr-warmup-fraction", "train-iters", "train-samples"),
        *("global-batch-size", "lr-decay-samples", "lr-wsd-decay-iters", "lr_scheduler_type", "learning_rate"),
        *("warmup_steps", "max_steps", "lr_scheduler_kwargs", "num_train_epochs", "sched", "epochs", "warmup-epochs"),
        *("sched-on-updates", "decay-epochs", "decay-milestones", "lr-cycle-limit", "lr-cycle-mul", "cooldown-epochs"),
    ]
)
WORDS = st.one_of(
    st.sampled_from(["cosine", "linear", "WSD", "constant", "wsd", "step", "multistep", "$X", "auto", "'", '"', "{}"]),
    st.sampled_from(["0", "1", "0.1", "-1", "3e-4", "100", "1e400", "nan", "true", "null", "9" * 30, '{"power": 2}']),
    st.text(max_size=4),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(NAMES, WORDS), min_size=1, max_size=8), st.booleans())
def test_any_arguments_are_a_schedule_or_refused(complaint: Complaint, limit: Limit, pairs, lines) -> None:
    text = "\n".join(f"{n.replace('-', '_')}: {w}" if lines else f"--{n} {w}" for n, w in pairs)
    with limit(4.0):
        try:
            value = read(text, Terms(steps_per_epoch=3)).value
        except GlidepathError:
            complaint(read, text, Terms(steps_per_epoch=3))
        else:
            assert isinstance(value, Schedule)
            assert np.isfinite(value(np.arange(min(value.horizon.steps, 100)))).all()
