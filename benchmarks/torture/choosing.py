"""What may happen in a life, drawn at random: recipes, worlds, changes, kills."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

from reference import Curve, Part, text

BATCHES = (6, 12, 24)  # samples of a step; each divides the data of every plan
DATA = 24  # samples that a plan has a whole multiple of
WORLDS = (1, 1, 2, 3)
MOST_BYTES = 6_000  # of a checkpoint here, with a margin
SHAPES = ("linear", "cosine", "1-sqrt", "polynomial", "exponential")
RATES = (1.0, 0.5, 0.9, 0.1, 0.01)
Asked = dict[str, Any]


def recipe(draw: Random) -> list[Part]:
    """A warmup perhaps, and what follows it."""
    begin: list[Part] = []
    if draw.random() < 0.7:
        start = draw.choice(
            ({}, {"start": 0}, {"start": 0.1, "shape": draw.choice(("linear", "cosine", "exponential"))})
        )
        begin = [{"word": "warmup", "length": draw.choice((1, 2, 3, "10%", "20%", "33%")), **start}]
    hold, wait = {"word": "hold", "length": None}, {"word": "hold", "length": draw.choice((1, "7%"))}
    rest: list[list[Part]] = [
        [_decay(draw, None)],
        [hold, _decay(draw, draw.choice((3, "20%", "33%")))],
        [_decay(draw, "25%"), hold],
        [wait, _decay(draw, None)],
        [{"word": "steps", "length": draw.choice((2, 3, 7)), "factor": draw.choice((0.5, 0.9))}],
        [{"word": "inverse_sqrt", "length": None}],
    ]
    return begin + draw.choice(rest)


def _decay(draw: Random, length: int | str | None) -> Part:
    shape = draw.choice(SHAPES)
    to = draw.choice((0.1, 0.02) if shape == "exponential" else (0.0, 0.1, 0.02))
    return {"word": "decay", "length": length, "to": to, "shape": shape} | (
        {"power": 2} if shape == "polynomial" else {}
    )


def plan(draw: Random, *, least: int = 6) -> Asked:
    """What the code of a run asks for: at least so many steps."""
    batch, parts = draw.choice(BATCHES), recipe(draw)
    steps = -(-draw.randint(least, least + 30) * batch // DATA) * DATA // batch
    peak = draw.choice((None, *RATES))
    return {"parts": parts, "text": text(parts), "horizon": steps, "peak": peak, "batch": batch}


def other_plan(draw: Random, asked: Asked, done: int) -> Asked:
    """One thing about it is another: its end, its shape, its peak, or the samples that a step takes."""
    other = plan(draw, least=done + 4)
    what = draw.choice(("horizon", "recipe", "peak", "batch", "everything"))
    if what == "everything":
        return other
    batch, steps = other["batch"], asked["horizon"] * asked["batch"] // other["batch"]
    if what == "batch" and batch != asked["batch"] and steps > done + 4:
        return asked | {"batch": batch, "horizon": steps}
    if what == "recipe":
        return asked | {"parts": other["parts"], "text": other["text"], "horizon": max(asked["horizon"], done + 4)}
    if what == "peak":
        return asked | {"peak": other["peak"], "horizon": max(asked["horizon"], done + 4)}
    return asked | {"horizon": done + draw.randint(4, 30)}


def policy(draw: Random, *, roomy: bool) -> list[Any]:
    """How to go on; some ways need a few steps."""
    plain = [["stored"], ["requested"], ["hold"], ["stretch"], ["stretch"], ["anneal_from_here"]]
    return draw.choice([*plain, ["rewarm", 2], ["append", 1], ["branch", draw.randint(1, 9)]] if roomy else plain)


def change(draw: Random, step: int, *, holds: bool) -> dict[str, Any]:
    """A change under way."""
    ways: list[dict[str, Any]] = [
        {"scale": draw.choice((0.5, 0.9, 1.0, 0.0))},
        {"scale": 0.5, "warmup": draw.randint(1, 9)},
        {"cap": draw.choice((0.3, 0.05, 0.004))},
        {
            "horizon": step + draw.randint(1, 30),
            "policy": draw.choice(("stretch", "hold", "stored", "anneal_from_here")),
        },
    ]
    return draw.choice(ways + [{"hold": True}, {"release": True}] * 2 * holds)


def asking(draw: Random, step: int) -> dict[str, Any]:
    """A request from outside: at once or later, or one that is none."""
    table = draw.choice((change(draw, step, holds=False), {"scale": 3}, {"horizon": step + 9}))
    return table | draw.choice(({}, {}, {"step": step + draw.randint(0, 8)}))


def some(draw: Random, steps: range, many: float) -> list[int]:
    """Steps at random, about `many` of them."""
    return sorted(step for step in steps if draw.random() < many / max(1, len(steps)))


def kill(draw: Random, steps: range, world: int) -> dict[str, Any]:
    """A death: of any process around an update, or of the first within a checkpoint, behind so many bytes."""
    at = draw.choice(steps)
    if draw.random() < 0.5:
        return {"phase": "writing", "at": at, "rank": 0, "bytes": draw.randint(1, MOST_BYTES)}
    return {"phase": draw.choice(("before", "within", "behind")), "at": at, "rank": draw.randrange(world)}


def script(
    draw: Random, number: int, asked: Asked, begin: int, curve: Curve, *, last: bool, life: dict[str, Any]
) -> dict[str, Any]:
    """A segment: in which world, what happens in it, and how it ends."""
    world = draw.choice(WORLDS)
    k = draw.choice([k for k in (1, 2, 3, 4) if asked["batch"] % (world * k) == 0])
    until = begin + (min(60, max(4, curve.horizon + 2 - begin)) if last else draw.randint(2, 14))
    steps = range(begin, until)
    changes = {str(step): [change(draw, step, holds=not life["journal"])] for step in some(draw, steps, 0.8)}
    requests = {str(step): [asking(draw, step)] for step in some(draw, steps, 0.8 * life["journal"])}
    overflows = {str(step): draw.randint(1, 3) for step in some(draw, steps, 2.0 * bool(life["mixed"]))}
    return {
        "number": number,
        "asked": asked,
        "world": world,
        "k": k,
        "micro": asked["batch"] // (world * k),
        "until": until,
        "changes": changes,
        "requests": requests,
        "overflows": overflows,
        "policy": None,
        "ticks": draw.choice((0, 1, 2)),
        "every": draw.randint(1, 6),
        "order": draw.randrange(3),
        "kill": None if last else kill(draw, steps, world),
        "conflict": False,
        "apart": False,
        **life,
    }


def reach(left: int, then: Asked, asked: Asked, begin: int) -> int:
    """The horizon to go on to: the one that is asked for, or where the same data ends with another batch."""
    if then["batch"] == asked["batch"]:
        return int(asked["horizon"])
    samples = left * then["batch"] + asked["horizon"] * asked["batch"] - then["horizon"] * then["batch"]
    return max(begin + 1, begin + int(Fraction(samples, asked["batch"]) + Fraction(1, 2)))
