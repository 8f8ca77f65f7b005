"""Pre-training of a language model: a peak that falls with the size of the model, long, decayed once."""

from math import exp, log

import numpy as np

from glidepath.advice.optimizers import as_adam, as_lion, as_muon, same
from glidepath.advice.question import Question
from glidepath.advice.sources import cited
from glidepath.advice.task import FIND_THE_PEAK, GRADIENT_NORM, RUNNING_MINIMUM, Task, betas, calmed, lowered, raised
from glidepath.advice.values import Advice, Change, Interval, Number, Remark
from glidepath.advice.wording import digits, size
from glidepath.schedules.recipes import cosine, decay, hold, linear, warmup

# parameters -> peak, as GPT-3 was trained in eight sizes (Brown et al. 2020, table 2.1)
PEAKS = {
    125e6: 6e-4,
    350e6: 3e-4,
    760e6: 2.5e-4,
    1.3e9: 2e-4,
    2.7e9: 1.6e-4,
    6.7e9: 1.2e-4,
    13e9: 1e-4,
    175e9: 0.6e-4,
}
SMALLEST, LARGEST = min(PEAKS), max(PEAKS)
POWER = log(PEAKS[LARGEST] / PEAKS[SMALLEST]) / log(LARGEST / SMALLEST)  # -0.32, the mean of the table
HIGHER = 3.0  # times the table: LLaMA took 2 to 3 times it, Llama 3 1.7 to 2.7 times
MIDDLE = HIGHER**0.5
BETA2 = 0.95
FALLS = 0.25  # power of the horizon by which the best peak fell, from 15k to 50k steps at 124M
LEAST_WARMUP = 40  # updates: 2/(1 - beta2), Adam's second moment nearly at its level

UNKNOWN = Interval(
    1e-4,
    3e-4,
    1e-3,
    "the size of the model moves the peak, and none was given: the 1.5e-4 to 3e-4 of LLaMA and Llama 3 from 7B to 70B "
    "and the measured best of 124M, 1e-3, lie here; say model",
    cited("touvron", "llama3", "runs-124M"),
    "convention",
)
CLIP = Number("clip", 1.0, "as GPT-3 and LLaMA were trained", cited("brown", "touvron"), "convention")
WEIGHT_DECAY = Number(
    "weight_decay",
    0.1,
    "as GPT-3 and LLaMA were trained; norms and biases are left out. When you multiply the peak by r, divide this by "
    "r: their product is what the weights average over",
    cited("brown", "touvron", "wang"),
    "convention",
)
BETAS = betas(BETA2, "as GPT-3 and LLaMA were trained", cited("brown", "touvron"), "convention")
FLOOR = Number(
    "floor",
    0.1,
    "a cosine to a tenth, as GPT-3, Chinchilla and LLaMA were trained, which leaves a rate to train on from; to 0 was "
    "better by 0.008 to 0.038 nats at 124M (see what to change)",
    cited("brown", "hoffmann", "touvron", "runs-124M"),
    "convention",
)
TO_ZERO = Number(
    "floor",
    0.0,
    "1-sqrt to 0 over the last fifth: better than a linear decay of that length by 0.003 to 0.010 nats at 124M",
    cited("hagele", "runs-124M"),
    "measured",
)


def advise(question: Question) -> Advice:
    """The advice for AdamW: a cosine where the horizon is known, warmup, hold and decay where it is not."""
    known = question.horizon is not None
    recipe = warmup("2%") >> (cosine(to=0.1) if known else hold() >> decay("20%", shape="1-sqrt"))
    return Advice(
        "pre-training",
        "adamw",
        question.horizon,
        recipe,
        UNKNOWN if question.parameters is None else _peak(question.parameters),
        _warmup(question),
        FLOOR if known else TO_ZERO,
        CLIP,
        WEIGHT_DECAY,
        BETAS,
        watch=(RUNNING_MINIMUM, GRADIENT_NORM),
        notes=(FIND_THE_PEAK, *_horizon(question), *_batch(question)),
    )


def _peak(parameters: float) -> Interval:
    """From GPT-3's peak at this size to three times it, lines in log-log between its sizes, its mean power outside."""
    inside = SMALLEST <= parameters <= LARGEST
    end = min(max(parameters, SMALLEST), LARGEST)
    logs = np.interp(log(end), [log(size) for size in PEAKS], [log(peak) for peak in PEAKS.values()])
    peak = exp(float(logs)) * (parameters / end) ** POWER
    reason = (
        f"GPT-3's peak at {size(parameters)} parameters, and {HIGHER:g} times it: LLaMA and Llama 3 took 1.7 to 3 "
        f"times it, and at 124M {MIDDLE:.2g} times it was the best of three with a cosine to a tenth"
    )
    outside = f"beyond GPT-3's sizes, carried on by their mean power {POWER:.2f}, and {HIGHER:g} times that"
    return Interval(
        digits(peak),
        digits(peak * MIDDLE),
        digits(peak * HIGHER),
        reason if inside else outside,
        cited("brown", "touvron", "llama3", "runs-124M") if inside else cited("brown"),
        "published" if inside else "folklore",
    )


def _warmup(question: Question) -> Number:
    updates = question.place("2%")
    told = "" if updates is None else f", here {updates} updates"
    return Number(
        "warmup",
        "2%",
        f"LLaMA warmed up for 2000 updates of 250k to 350k, GPT-3 for 0.1 % of its tokens; 2 % is the habit{told}. At "
        f"least 2/(1-beta2) = {LEAST_WARMUP} let Adam's second moment settle",
        cited("touvron", "brown", "ma"),
        "convention",
    )


def _horizon(question: Question) -> tuple[Remark, ...]:
    updates = question.place("2%")
    if updates is None:
        told = "no horizon was given, so the recipe holds: begin the decay when it is time, from any checkpoint"
        return (Remark(told, cited("hu-minicpm", "hagele"), "published"),)
    if updates >= LEAST_WARMUP:
        return ()
    told = f"2 % is a warmup of {updates} updates here, fewer than {LEAST_WARMUP}: where it spikes, warm up for longer"
    return (Remark(told, cited("ma"), "published"),)


def _batch(question: Question) -> tuple[Remark, ...]:
    if question.batch_size is None:
        return ()
    return (
        Remark(
            "the batch does not move the interval: at 124M the best peak of 0.1M tokens a step was no lower than "
            "GPT-3's for 0.5M, where Adam's square-root rule says less than half; from a peak that you tuned, take it",
            cited("runs-124M", "malladi"),
            "measured",
        ),
    )


def change(advice: Advice) -> tuple[Change, ...]:
    """What to change, with the amount."""
    overfits = Change(
        "overfits",
        "more data: up to 4 epochs of the same tokens are worth almost as much as new ones, beyond that little",
        cited("muennighoff"),
        "published",
    )
    skip = Change(
        "spikes again at the same place",
        "restart some 100 steps before it and skip its next 200 to 500 batches, as PaLM did",
        cited("chowdhery"),
        "published",
    )
    to_zero = Change(
        "no training will go on from its end",
        "the decay to 0: at 124M and 50k steps a cosine gained 0.008, 0.018 and 0.038 nats by it at peaks of 5e-4, "
        "1e-3 and 2e-3",
        cited("runs-124M", "bergsma"),
        "measured",
        recipe=warmup("2%") >> linear(),
    )
    longest = Change(
        "the horizon may grow, or a longer decay fits",
        "hold, then decay over the last 40 to 60 %: the best share at 124M, within 0.002 nats of linear to 0",
        cited("runs-124M", "hagele"),
        "measured",
        recipe=warmup("2%") >> hold() >> linear("40%"),
    )
    twice = Change(
        "the horizon doubles",
        f"the peak times {2**-FALLS:.2g} (0.78 to 0.90): the best fell with the horizon to the power {FALLS} +- 0.1",
        cited("runs-124M"),
        "measured",
        peak=digits(advice.peak.lr * 2**-FALLS),
    )
    usual = raised(advice), overfits, calmed(advice), skip, lowered(advice)
    return (*usual, to_zero, longest, twice) if advice.floor.value else (*usual, longest, twice)


TASK = Task(
    "a language model, or another transformer, from scratch",
    advise,
    change,
    {"adamw": same, "adam": as_adam, "lion": as_lion, "muon": as_muon},
    {"sgd": f"SGD trains transformers far worse than Adam ({cited('zhang')})"},
)
