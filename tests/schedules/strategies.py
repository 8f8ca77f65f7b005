"""Random plans of every part, shape, level and amount, built so that they fit their horizon; and steps for them."""

from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
from hypothesis import reject
from reference import EPOCH, Plan, bounds, exact_steps, ramps

from glidepath.errors import ScheduleError

HORIZONS = st.one_of(st.just(1), st.integers(1, 40), st.integers(1, 5_000), st.integers(1, 10**12))
PEAKS = st.one_of(
    st.sampled_from([1.0, 3e-4, 0.1, 1e-5]),
    st.floats(1e-9, 1e3, allow_nan=False).map(lambda peak: float(f"{peak:.6g}")),
)
MAYBE_PEAKS = st.one_of(st.none(), PEAKS)
FALLING = ("linear", "cosine", "1-sqrt", "polynomial", "exponential")
SMALLEST = 1e-6  # of the level that equal factors lead to, as a multiple of the peak


@st.composite
def amounts(draw: st.DrawFn, room: Fraction, steps: int) -> int | str:
    """An amount of at most `room` steps, as an int, a share or epochs."""
    kind = draw(st.sampled_from(["steps", "share", "share", "epochs"]))
    if kind == "steps":
        return draw(st.integers(0, room.__floor__()))
    if kind == "epochs":
        quarters = draw(st.integers(0, (room / EPOCH * 4).__floor__()))
        return f"{quarters // 4}.{quarters % 4 * 25:02d} epochs"
    thousandths = draw(st.integers(0, (room / steps * 100_000).__floor__()))
    return f"{thousandths // 1000}.{thousandths % 1000:03d}%"


@st.composite
def levels(draw: st.DrawFn, plan: Plan, limit: float, least: float = 0.0, absolute: bool = True) -> Any:
    """A level of at most `limit`, and at least `least`, both learning rates."""
    share = draw(st.one_of(st.sampled_from([0.0, 1.0, 0.1, 0.5]), st.floats(0, 1).map(lambda x: round(x, 4))))
    rate = min(max(least, share * limit), limit)
    if absolute and plan.peak is not None and draw(st.booleans()):
        return {"absolute": rate}
    return min(1.0, rate / plan.top)


@st.composite
def parts(draw: st.DrawFn, plan: Plan, enters: float, absolute: bool) -> tuple[str, dict[str, Any]]:
    """A part, without its length, that may stand where `enters` is the learning rate."""
    word = draw(st.sampled_from(["warmup", "hold", "decay", "cosine", "linear", "steps", "inverse_sqrt"]))
    arguments: dict[str, Any] = {}
    least = SMALLEST * plan.top
    if word == "warmup":
        shape = arguments["shape"] = draw(st.sampled_from(["linear", "cosine", "exponential"]))
        low = least if shape == "exponential" else 0.0
        arguments["to"] = draw(levels(plan, plan.top, low, absolute))
        top = _rate(arguments["to"], plan)
        if draw(st.booleans()):
            arguments["start"] = draw(levels(plan, top, min(low, top), absolute))
    if word in ("decay", "cosine", "linear"):
        if word == "decay":
            known = FALLING if enters >= least else FALLING[:-1]
            arguments["shape"] = draw(st.sampled_from(known))
        if arguments.get("shape") == "polynomial":
            arguments["power"] = draw(st.sampled_from([1.0, 2.0, 1.5, 3.7]))
        low = least if arguments.get("shape") == "exponential" else 0.0
        arguments["to"] = draw(levels(plan, enters, low, absolute))
        arguments["endpoint"] = draw(st.booleans())
    if word == "steps":
        arguments["every"] = draw(st.one_of(st.integers(1, plan.steps), st.sampled_from(["30%", "12.5%", "1%"])))
        arguments["factor"] = draw(st.sampled_from([0.1, 0.5, 1.0, 0.97]))
    # Behind a part that takes what is left, each later one would move the begin that the timescale is without a name.
    moves = any("length" not in before for _, before in plan.parts)
    if word == "inverse_sqrt" and (moves or draw(st.booleans())):
        arguments["timescale"] = draw(st.one_of(st.integers(1, plan.steps), st.sampled_from(["10%", "0.5%"])))
    return word, arguments


def _rate(level: Any, plan: Plan) -> float:
    return level["absolute"] if isinstance(level, dict) else level * plan.top


@st.composite
def plans(
    draw: st.DrawFn,
    *,
    horizons: st.SearchStrategy[int] = HORIZONS,
    peaks: st.SearchStrategy[float | None] = MAYBE_PEAKS,
    most: int = 5,
    absolute: bool = True,
) -> Plan:
    """A plan of 1 to `most` parts that fits its horizon, with or without a peak."""
    plan = Plan((), draw(horizons), draw(peaks))
    count = draw(st.integers(1, most))
    open_end = draw(st.one_of(st.none(), st.integers(0, count - 1)))
    room = Fraction(plan.steps)
    for index in range(count):
        enters = ramps(plan)[-1][1] if plan.parts else plan.top
        word, arguments = draw(parts(plan, enters, absolute))
        if index != open_end or word == "warmup":
            share = room / draw(st.sampled_from([1, 2, count]))
            amount = draw(amounts(share, plan.steps))
            room -= exact_steps(amount, plan.steps)
            arguments = {"length": amount, **arguments}
        plan = Plan((*plan.parts, (word, arguments)), plan.steps, plan.peak)
    try:
        plan.schedule  # noqa: B018 - whether it can be
    except ScheduleError as error:
        # A part behind may have moved equal factors by a step, so that they end lower than a decay was drawn for.
        if "a decay goes down" in str(error):
            reject()
        raise
    return plan


@st.composite
def steps_of(draw: st.DrawFn, plan: Plan, size: int = 20) -> list[int]:
    """Whole steps, most of them where a mistake would show: beside the boundaries, below 0, past the end."""
    edges = [0, *bounds(plan), plan.steps]
    near = st.builds(lambda edge, by: edge + by, st.sampled_from(edges), st.integers(-2, 2))
    anywhere = st.integers(-3, plan.steps + 3)
    far = st.sampled_from([-(2**40), 2**40, 2**52])
    return draw(st.lists(st.one_of(near, anywhere, far), min_size=1, max_size=size))
