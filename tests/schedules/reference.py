"""A slow evaluator of recipes, written from the counting rules of the design alone, in fractions and `math`.

A plan is what a user would write, in plain values: parts as (word, arguments), the horizon's steps, the peak.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import glidepath as gp

EPOCH = 7  # steps per epoch of every plan, so that "3 epochs" is an amount too


@dataclass(frozen=True)
class Plan:
    """Parts, horizon and peak in plain values; levels are floats or {"absolute": float}."""

    parts: tuple[tuple[str, dict[str, Any]], ...]
    steps: int
    peak: float | None = None

    @property
    def recipe(self) -> gp.Recipe:
        made = [_made(word, arguments) for word, arguments in self.parts]
        recipe = made[0]
        for part in made[1:]:
            recipe = recipe >> part
        return recipe

    @property
    def schedule(self) -> gp.Schedule:
        return self.recipe.over(gp.Horizon(self.steps, steps_per_epoch=EPOCH), peak=self.peak)

    @property
    def top(self) -> float:
        return 1.0 if self.peak is None else self.peak


def _made(word: str, arguments: dict[str, Any]) -> gp.Recipe:
    ready = {k: gp.absolute(v["absolute"]) if isinstance(v, dict) else v for k, v in arguments.items()}
    if word in ("warmup", "steps"):
        return getattr(gp, word)(ready.pop("length" if word == "warmup" else "every"), **ready)
    return getattr(gp, word)(ready.pop("length", None), **ready)


def exact_steps(amount: int | str, horizon: int) -> Fraction:
    """An amount in steps, not rounded."""
    if isinstance(amount, int):
        return Fraction(amount)
    if amount.endswith("%"):
        return Fraction(amount[:-1]) / 100 * horizon
    return Fraction(amount.removesuffix(" epochs")) * EPOCH


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def bounds(plan: Plan) -> list[int]:
    """Where each part begins, and where the last one ends."""
    amounts = [arguments.get("length") for _, arguments in plan.parts]
    found = [0]
    total = Fraction(0)
    for index, amount in enumerate(amounts):
        if amount is None:
            rest = sum((exact_steps(a, plan.steps) for a in amounts[index + 1 :]), Fraction(0))
            found.append(max(found[-1], plan.steps - half_up(rest)))
            for after in range(index + 2, len(amounts) + 1):
                rest = sum((exact_steps(a, plan.steps) for a in amounts[after:]), Fraction(0))
                found.append(max(found[-1], plan.steps - half_up(rest)))
            return found
        total += exact_steps(amount, plan.steps)
        found.append(half_up(total))
    return found


def ramps(plan: Plan) -> list[tuple[float, float]]:
    """The learning rates that each part enters with and hands on."""
    found: list[tuple[float, float]] = []
    edges = bounds(plan)
    enters = plan.top
    for index, (word, arguments) in enumerate(plan.parts):
        begin, length = edges[index], edges[index + 1] - edges[index]
        leaves = enters
        if word == "warmup":
            leaves = _level(arguments.get("to", 1.0), plan)
            start = arguments.get("start")
            enters = leaves / (length + 1) if start is None else min(_level(start, plan), leaves)
        elif word in ("decay", "cosine", "linear"):
            leaves = min(_level(arguments.get("to", 0.0), plan), enters)
        elif word in ("steps", "inverse_sqrt"):
            leaves = _curve(word, arguments, enters, 0.0, length, length, begin, plan)
        found.append((enters, leaves))
        enters = leaves
    return found


def value(plan: Plan, step: int | float) -> float:
    """The learning rate of an update."""
    edges = bounds(plan)
    at = min(max(Fraction(step), Fraction(0)), Fraction(edges[-1]))
    index = max(k for k in range(len(plan.parts)) if edges[k] <= at)
    enters, leaves = ramps(plan)[index]
    word, arguments = plan.parts[index]
    begin, length = edges[index], edges[index + 1] - edges[index]
    return _curve(word, arguments, enters, leaves, at - begin, length, begin, plan)


def _level(level: float | dict[str, float], plan: Plan) -> float:
    return level["absolute"] if isinstance(level, dict) else level * plan.top


def _curve(
    word: str,
    arguments: dict[str, Any],
    enters: float,
    leaves: float,
    t: Fraction | int,
    length: int,
    begin: int,
    plan: Plan,
) -> float:
    if word == "hold":
        return enters
    if word == "steps":
        every = max(1, half_up(exact_steps(arguments["every"], plan.steps)))
        return enters * arguments.get("factor", 0.1) ** float(t // every)
    if word == "inverse_sqrt":
        named = arguments.get("timescale")
        scale = max(1, begin if named is None else half_up(exact_steps(named, plan.steps)))
        return enters * math.sqrt(Fraction(scale) / (scale + t))
    shape = word if word in ("cosine", "linear") else arguments.get("shape", "linear")
    way = length - 1 if arguments.get("endpoint") else length
    u = min(Fraction(t) / way, Fraction(1)) if way > 0 else Fraction(1)
    if u == 0 or u == 1:
        return enters if u == 0 else leaves
    if shape == "exponential":
        return enters * (leaves / enters) ** float(u)
    return enters + (leaves - enters) * _gone(shape, u, arguments.get("power", 1.0))


def _gone(shape: str, u: Fraction, power: float) -> float:
    if shape == "cosine":
        return (1 - math.cos(math.pi * float(u))) / 2
    if shape == "1-sqrt":
        return math.sqrt(u)
    if shape == "polynomial":
        return 1 - float(1 - u) ** power
    return float(u)
