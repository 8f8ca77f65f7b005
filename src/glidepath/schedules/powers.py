"""Recipes that know no end: powers of the step, and warmups that the optimizer's beta2 is enough for."""

from glidepath.errors import ScheduleError, shown
from glidepath.schedules.levels import number
from glidepath.schedules.parts import PowerLaw, Untuned
from glidepath.schedules.pieces import SQUARE_ROOT
from glidepath.schedules.recipes import known
from glidepath.schedules.schedule import Recipe
from glidepath.schedules.untuned import FORMS, LEAST_BETA2
from glidepath.units import Amount, AmountLike, optional


def power_law(
    length: AmountLike | None = None,
    *,
    exponent: float = SQUARE_ROOT,
    timescale: AmountLike | None = None,
    rate: float = 1.0,
) -> Recipe:
    """The value before it times (s / (s + rate t))^exponent, s the timescale; in tokens if s is: `"2B tokens"`.

    Without a timescale s is the number of steps before this part (at least 1), so that behind a warmup of W
    steps the value is peak (W / step)^exponent. It never reaches 0; follow it with a decay. Exponent and
    rate are at least 0 (Shen et al. 2024, arXiv 2408.13359: 0.51 over tokens).

    >>> from glidepath import warmup
    >>> (warmup(4) >> power_law(exponent=1)).over(100, peak=1.0)([4, 8, 16])
    array([1.  , 0.5 , 0.25])
    """
    scale = optional(timescale)
    if scale is not None and scale.value == 0:
        raise ScheduleError("expected a timescale above 0, got 0")
    power = number(exponent, "the exponent")
    return Recipe((PowerLaw(optional(length), power, scale, number(rate, "the rate")),))


def inverse_sqrt(length: AmountLike | None = None, *, timescale: AmountLike | None = None) -> Recipe:
    """`power_law` with the exponent 1/2: peak sqrt(W / step) behind a warmup of W (Vaswani et al. 2017, 1706.03762).

    >>> from glidepath import warmup
    >>> (warmup(4) >> inverse_sqrt()).over(100, peak=1.0)([4, 16, 64])
    array([1.  , 0.5 , 0.25])
    """
    return power_law(length, timescale=timescale)


def inverse_time(length: AmountLike | None = None, *, timescale: AmountLike | None = None, rate: float = 1.0) -> Recipe:
    """`power_law` with the exponent 1: v / (1 + rate t / s), the classic of stochastic approximation.

    Source: Robbins and Monro 1951, doi 10.1214/aoms/1177729586.

    >>> inverse_time(timescale=2).over(8, peak=1.0)([0, 2, 6])
    array([1.  , 0.5 , 0.25])
    """
    return power_law(length, exponent=1.0, timescale=timescale, rate=rate)


def untuned(length: AmountLike | None = None, *, beta2: float = 0.999, shape: str = "linear") -> Recipe:
    """Up to the value before it (the peak) as Adam's beta2 allows: no number of warmup steps to choose.

    Shapes: linear, (t + 1) (1 - beta2) / 2, so 2 / (1 - beta2) updates; exponential, 1 - exp(-(1 - beta2) (t + 1))
    (both Ma and Yarats 2019, arXiv 1910.04209); radam, its rectifier (Liu et al. 2019, arXiv 1908.03265), for
    beta2 above 0.6. beta2 is from 0 to below 1. Join it to a decay with `combine(..., by="product")`.

    >>> untuned(beta2=0.5).over(5, peak=1.0)(range(5))
    array([0.25, 0.5 , 0.75, 1.  , 1.  ])
    """
    known(shape, FORMS, "untuned")
    share = number(beta2, "beta2", below=1)
    if share == 1 or (shape == "radam" and share <= LEAST_BETA2):
        least = f"above {LEAST_BETA2} and " if shape == "radam" else ""
        raise ScheduleError(f"expected beta2 {least}below 1 with shape={shape!r}, got {shown(beta2)}")
    return Recipe((Untuned(optional(length), share, shape),))


def noam_peak(d_model: int, warmup: AmountLike, *, factor: float = 1.0) -> float:
    """The peak of Noam's schedule: factor / sqrt(d_model W), for `warmup(W - 1, start=1/W) >> inverse_sqrt(...)`.

    Vaswani et al. 2017, arXiv 1706.03762, whose update W, counted from 1, is the highest.

    >>> noam_peak(512, 4000)
    0.0006987712429686843
    """
    scale, width = number(factor, "the factor"), number(d_model, "d_model")
    steps = Amount.of(warmup)
    if not scale or not width or steps.unit != "steps" or not steps.value:
        raise ScheduleError(f"expected factor, d_model and warmup steps above 0, got {factor}, {d_model} and {steps}")
    return float(scale * (width * float(steps.value)) ** -SQUARE_ROOT)
