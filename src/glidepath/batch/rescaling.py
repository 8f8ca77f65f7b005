"""Everything that hangs together with the batch size, rescaled by one call, which says what it kept and changed."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from glidepath.batch.checked import count
from glidepath.batch.facts import BETAS, HALF_LIFE, KEPT, SQUARE_ROOT, Fact, cautions, facts
from glidepath.batch.replanning import horizon_of, replanned
from glidepath.batch.rules import ADAM, Rule, family_of, rule_of
from glidepath.batch.setup import Setup
from glidepath.errors import BatchError, GlidepathError, nearest, shown
from glidepath.units import Horizon, half_up

# Where a weight decay is part of the gradient, an Adam divides it by the gradient's size: it has no such timescale.
COUPLED = ("adam", "nadam", "radam", "adamax", "amsgrad", "rmsprop")


@dataclass(frozen=True, slots=True)
class Rescaled:
    """A training before and after, by which rule, and what was `changed`, `kept` and is to be known (`cautions`)."""

    before: Setup
    after: Setup
    rule: Rule
    factor: float
    changed: tuple[Fact, ...]
    kept: tuple[Fact, ...]
    cautions: tuple[str, ...]

    def __str__(self) -> str:
        """What was kept and what was changed, a line each."""
        lines = ["changed" if self.changed else "nothing changed"]
        lines += [f"  {fact.what}: {_text(fact.before)} -> {_text(fact.after)}  ({fact.why})" for fact in self.changed]
        lines += ["kept"] + [f"  {fact.what}: {_text(fact.after)}  ({fact.why})" for fact in self.kept]
        return "\n".join(lines + [f"note: {caution}" for caution in self.cautions])


def rescale(
    setup: Setup,
    *,
    batch_size: int | None = None,
    world_size: int | None = None,
    accumulation: int | None = None,
    horizon: int | str | None = None,
    rule: str | None = None,
    noise_scale: float | None = None,
    alpha: float | None = None,
    betas: str = SQUARE_ROOT,
) -> Rescaled:
    """The same training with another batch size, world size, accumulation or horizon, by exact formulas.

    With k = B'/B of the global batches and f the factor of the rule (by the optimizer's family, or named):

    * lr' = f lr; a schedule's peak with it. Levels written `absolute` stay.
    * Adam: 1 - beta' = k (1 - beta) for beta1 and beta2, eps' = eps / sqrt(k) (betas="square-root", Malladi et al.
      2022, arXiv 2205.10287); or beta2' = beta2^k alone, the same half-life in samples (betas="half-life", Marek et
      al. 2025, arXiv 2507.07101); or neither (betas="kept"). SGD keeps its momentum.
    * wd' = wd k / f keeps the timescale B / (lr wd) in samples (Wang and Aitchison 2024, arXiv 2405.13698).
    * horizon, warmup and step' = those / k, rounded half up once, so that they stay at the same samples. Under the
      linear rule a warmup keeps its steps instead where k > 1, k times the samples (Goyal et al. 2017).

    `horizon` is in steps of the new size, or a text: "200%" of the data, "2M samples". Where the global batch and the
    horizon stay, nothing changes. Raises BatchError for what cannot be rescaled so.

    >>> setup = Setup(batch_size=256, lr=3e-4, beta2=0.95, weight_decay=0.1, horizon=10_000, step=1_000)
    >>> after = rescale(setup, batch_size=1_024).after
    >>> after.lr, round(after.beta2, 3), round(after.weight_decay, 3), after.horizon, after.step
    (0.0006, 0.8, 0.2, 2500, 250)
    """
    if not isinstance(setup, Setup):
        raise BatchError(f"expected a Setup to rescale, got {shown(setup)}: write Setup(batch_size=256, lr=3e-4)")
    if betas not in BETAS:
        raise BatchError(f"expected a rule for the betas, got {shown(betas)}: {nearest(shown(betas), BETAS)}")
    asked = {"batch_size": batch_size, "world_size": world_size, "accumulation": accumulation}
    sized = _sized(setup, {name: value for name, value in asked.items() if value is not None})
    found = rule_of(rule, optimizer=setup.optimizer)
    factor = found(setup.global_batch, sized.global_batch, noise_scale=noise_scale, alpha=alpha)
    more = Fraction(sized.global_batch, setup.global_batch)
    after = _timed(_optimizer(sized, more, factor, betas), setup, more, factor, found, horizon)
    said = list(facts(setup, after, found, betas))
    changed = tuple(fact for fact in said if fact.before != fact.after)
    kept = tuple(fact for fact in said if fact.before == fact.after)
    return Rescaled(setup, after, found, factor, changed, kept, tuple(cautions(setup, after, noise_scale)))


def _sized(setup: Setup, asked: dict[str, Any]) -> Setup:
    return replace(setup, **asked)


def _optimizer(setup: Setup, more: Fraction, factor: float, betas: str) -> Setup:
    """With its learning rate, betas, eps and weight decay."""
    made: dict[str, Any] = {}
    if setup.lr is not None:
        made["lr"] = setup.lr * factor
    if setup.weight_decay is not None and setup.optimizer.lower() not in COUPLED:
        made["weight_decay"] = setup.weight_decay * float(more) / factor
    if family_of(setup.optimizer) == ADAM and betas != KEPT and more != 1:
        if setup.eps is not None:
            made["eps"] = setup.eps / float(more) ** 0.5
        for name in ("beta2",) if betas == HALF_LIFE else ("beta1", "beta2"):
            if (beta := getattr(setup, name)) is not None:
                made[name] = beta ** float(more) if betas == HALF_LIFE else _square_root(name, beta, more)
    return replace(setup, **made)


def _square_root(name: str, beta: float, more: Fraction) -> float:
    found = 1 - float(more) * (1 - beta)
    if not 0 <= found < 1:
        raise BatchError(
            f"expected {name} below {1 / float(more):.3g} from 1 for {float(more):.3g} times the batch, got {beta:g}: "
            'write betas="half-life" or betas="kept", or change the batch by less'
        )
    return found


def _timed(setup: Setup, before: Setup, more: Fraction, factor: float, rule: Rule, horizon: int | str | None) -> Setup:
    """With its horizon, warmup, position and schedule."""
    made: dict[str, Any] = {}
    longer = rule.name == "linear" and more > 1
    if before.step is not None:
        made["step"] = half_up(before.step / more)
    if before.warmup is not None and not longer:
        made["warmup"] = half_up(before.warmup / more)
    steps = before.steps
    if steps is None:
        if horizon is not None:
            raise BatchError(f"expected a horizon in the setup to change it to {shown(horizon)}, got none")
        return replace(setup, **made)
    sizes = before.global_batch, setup.global_batch
    planned = _placed(horizon_of(before.schedule.horizon if before.schedule else Horizon(steps), *sizes), horizon)
    if before.schedule is None:
        return replace(setup, **made, horizon=planned.steps)
    if more == 1 and planned.steps == steps:
        return replace(setup, **made)
    warmup = before.schedule.boundaries[1] if longer and len(before.schedule.boundaries) > 1 else None
    made["schedule"] = replanned(
        before.schedule, planned, before=sizes[0], factor=factor, beta2=setup.beta2, warmup=warmup
    )
    return replace(setup, **made)


def _placed(same: Horizon, asked: int | str | None) -> Horizon:
    """The horizon that is asked for, in steps or as an amount of what the same one is."""
    if asked is None:
        return same
    try:
        steps = same.place(asked) if isinstance(asked, str) else count(asked, "the horizon")
        return replace(same, steps=steps)
    except GlidepathError as error:
        raise BatchError(f"expected a horizon to change to, got {shown(asked)}: {error}") from None


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
