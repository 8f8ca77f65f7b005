"""What a rescaling says of itself: each setting and what is behind it, before and after, with the reason."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from math import log
from typing import Any

from glidepath.batch.rules import Rule
from glidepath.batch.setup import COUNTS, Setup

BETAS = SQUARE_ROOT, HALF_LIFE, KEPT = "square-root", "half-life", "kept"
FARTHEST = 32  # from the batch size that was tuned: as far as the rules were tried (256 to 8192 images)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a rescaling: what, its value before and after, and why it is so."""

    what: str
    before: Any
    after: Any
    why: str


def facts(before: Setup, after: Setup, rule: Rule, betas: str) -> Iterator[Fact]:
    """Every setting that is known, and what follows from the settings."""
    whys = _whys(before, after, rule, betas)
    yield Fact("global batch", before.global_batch, after.global_batch, "batch_size x world_size x accumulation")
    for field in fields(Setup):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if one is not None:
            yield Fact(field.name, one, other, whys.get(field.name, "nothing moves it"))
    if before.lr is None and before.peak is not None:
        yield Fact("peak", before.peak, after.peak, whys.get("lr", "nothing moves it"))
    yield from _samples(before, after)
    yield from _spans(before, after)


def _samples(before: Setup, after: Setup) -> Iterator[Fact]:
    """What is counted in samples: of the run, seen, of the warmup."""
    for what, name in (("samples of the run", "steps"), ("samples seen", "step"), ("samples of the warmup", "warmup")):
        one, other = getattr(before, name), getattr(after, name)
        if one is not None:
            yield Fact(what, one * before.global_batch, other * after.global_batch, "steps x global batch")


def _spans(before: Setup, after: Setup) -> Iterator[Fact]:
    """The samples that a weight is an average over, and the half-lives of what Adam averages."""
    if before.peak and before.weight_decay:
        one, other = (
            _same(setup.global_batch / ((setup.peak or 1.0) * (setup.weight_decay or 1.0))) for setup in (before, after)
        )
        yield Fact("timescale of the weight decay, samples", one, other, "B / (lr wd)")
    for name in ("beta1", "beta2", "momentum"):
        if getattr(before, name) and getattr(after, name):
            one, other = (_same(setup.global_batch * log(0.5) / log(getattr(setup, name))) for setup in (before, after))
            yield Fact(f"half-life of {name}, samples", one, other, f"B log(1/2) / log({name})")


def _same(value: float) -> float:
    """To as many digits as products of floats agree in."""
    return float(f"{value:.12g}")


def _whys(before: Setup, after: Setup, rule: Rule, betas: str) -> dict[str, str]:
    asked = dict.fromkeys(COUNTS, "as asked for")
    more = Fraction(after.global_batch, before.global_batch)
    if more == 1:
        return asked
    beta = {SQUARE_ROOT: "1 - beta times B'/B", HALF_LIFE: "the same half-life in samples", KEPT: "as asked for"}[betas]
    span = "the same samples, rounded half up"
    return asked | {
        "lr": f"{rule.name}: {rule.formula}",
        "beta1": "the half-life rule is of beta2 alone" if betas == HALF_LIFE else beta,
        "beta2": beta,
        "momentum": "the rules of SGD keep it",
        "eps": "as asked for" if betas == KEPT else "over sqrt(B'/B), as the noise of the gradient",
        "weight_decay": "the same timescale in samples"
        if before.weight_decay != after.weight_decay
        else "timescale in samples, or a part of Adam's gradient",
        "horizon": span,
        "step": span,
        "warmup": "as many updates: the linear rule needs a longer one" if rule.name == "linear" and more > 1 else span,
        "schedule": "lengths in steps are now samples, shares are as they were",
    }


def cautions(before: Setup, after: Setup, noise_scale: float | None) -> Iterator[str]:
    """What is to be known before the new settings are used."""
    more = Fraction(after.global_batch, before.global_batch)
    if more == 1:
        yield "the global batch is the same, so that no setting of the optimizer changes"
    elif not Fraction(1, FARTHEST) <= more <= FARTHEST:
        yield f"{float(more):.3g} times the batch is farther than the rules were tried, {FARTHEST} times: check it"
    if noise_scale is not None and after.global_batch > noise_scale:
        yield f"{after.global_batch} samples are above the noise scale {noise_scale:.4g}: more of them save few steps"
    if before.step is not None and after.step is not None:
        gap = after.step * after.global_batch - before.step * before.global_batch
        if gap:
            yield f"the position is {abs(gap)} samples {'behind' if gap > 0 else 'before'} its place: steps are whole"
    if before.steps and after.steps and abs(after.steps * more - before.steps) > more:
        yield (
            "the learning rate is not changed for the other horizon: the best one was seen to go with the power 0 to "
            "-0.5 of it, by the task; check it"
        )
