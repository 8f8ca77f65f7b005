"""What a run should use, worked out by hand: plain formulas at exact positions, and nothing of the package's own.

A recipe is a list of plain tables here, which `text` writes as the package reads it and `planned` evaluates itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import cos, floor, pi, sqrt
from typing import Any

Part = dict[str, Any]
Formula = Callable[[Fraction], float]
MOST_UP = 1.1  # what the documentation says of a seam: no more than a tenth up


@dataclass(frozen=True)
class Curve:
    """A learning rate for every position up to a horizon, and held there; and what waits for a release."""

    at: Formula
    horizon: int
    peak: float
    held: tuple[Curve, int] | None = None

    def __call__(self, position: int | Fraction) -> float:
        return self.at(min(Fraction(position), Fraction(self.horizon)))

    def last(self, step: int) -> float:
        """Of the update before a step."""
        return self(max(0, step - 1))

    def then(self, step: int, behind: Formula, horizon: int, **more: Any) -> Curve:
        """This until a step, and something else from there on."""
        return Curve(lambda p: self(p) if p < step else behind(p), horizon, self.peak, **more)


# ---- Recipes. ----


def text(parts: list[Part]) -> str:
    """The recipe as a person writes it."""
    return " >> ".join(f"{part['word']}({', '.join(_arguments(part))})" for part in parts)


def _arguments(part: Part) -> list[str]:
    length = [str(part["length"])] if part["length"] is not None else []
    return length + [f"{name}={value}" for name, value in part.items() if name not in ("word", "length")]


def half_up(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))


def _bounds(parts: list[Part], horizon: int) -> list[int]:
    """Where each part begins, and the end: sums from the front up to the open part, from the back behind it."""
    sizes = [None if part["word"] in ("steps", "inverse_sqrt") else _size(part["length"], horizon) for part in parts]
    open_part = sizes.index(None)
    front = [half_up(sum(sizes[:index], Fraction(0))) for index in range(open_part + 1)]
    back = [horizon - half_up(sum(sizes[index:], Fraction(0))) for index in range(open_part + 1, len(sizes) + 1)]
    return front + back


def _size(length: int | str | None, horizon: int) -> Fraction | None:
    if isinstance(length, str):
        return Fraction(int(length.rstrip("%")), 100) * horizon
    return None if length is None else Fraction(length)


def planned(parts: list[Part], horizon: int, peak: float | None) -> Curve:
    """The curve of a recipe over a horizon."""
    top = peak or 1.0
    bounds, formulas, enters = _bounds(parts, horizon), list[Formula](), top
    for part, begin, end in zip(parts, bounds, bounds[1:], strict=False):
        formulas.append(FORMULAS[part["word"]](part, begin, end - begin, enters, top))
        enters = formulas[-1](Fraction(end - begin))

    def at(position: Fraction) -> float:
        index = max(index for index in range(len(parts)) if bounds[index] <= position)
        return formulas[index](position - bounds[index])

    return Curve(at, horizon, top)


def _share(t: Fraction, length: int) -> float:
    return float(t / max(1, length))


def _way(start: float, end: float, u: float, shape: str) -> float:
    if shape == "exponential":
        return start * (end / start) ** u
    gone = {"linear": u, "cosine": (1 - cos(pi * u)) / 2, "1-sqrt": sqrt(u), "polynomial": 1 - (1 - u) ** 2}[shape]
    return start + (end - start) * gone


def _warmup(part: Part, begin: int, length: int, enters: float, top: float) -> Formula:  # noqa: ARG001
    start = top * part.get("start", 1 / (length + 1))
    return lambda t: _way(start, top, _share(t, length), part.get("shape", "linear"))


def _decay(part: Part, begin: int, length: int, enters: float, top: float) -> Formula:  # noqa: ARG001
    return lambda t: _way(enters, top * part["to"], _share(t, length), part["shape"])


def _steps(part: Part, begin: int, length: int, enters: float, top: float) -> Formula:  # noqa: ARG001
    return lambda t: enters * part["factor"] ** (t // part["length"])


def _inverse_sqrt(part: Part, begin: int, length: int, enters: float, top: float) -> Formula:  # noqa: ARG001
    scale = max(1, begin)
    return lambda t: enters * sqrt(scale / (scale + t))


FORMULAS: dict[str, Callable[[Part, int, int, float, float], Formula]] = {
    "warmup": _warmup,
    "hold": lambda part, begin, length, enters, top: lambda t: enters,  # noqa: ARG005
    "decay": _decay,
    "steps": _steps,
    "inverse_sqrt": _inverse_sqrt,
}


# ---- Going on. ----


def going_on(old: Curve, step: int, policy: list[Any], horizon: int, asked: Curve) -> Curve:
    """What a policy makes of a run of which `step` updates are done; `policy` is its word and its numbers."""
    word, *numbers = policy
    if word == "stored":
        return old
    if word == "requested":
        return asked
    last = old.last(step)
    if word == "stretch" and old.horizon > step:
        pace = Fraction(old.horizon - step, horizon - step)
        return old.then(step, lambda p: old(step + (p - step) * pace), horizon)
    if word in ("hold", "stretch"):
        return old.then(step, lambda p: last, horizon)  # noqa: ARG005
    end = step + max(1, numbers[0]) if word == "branch" else horizon
    if word == "rewarm":
        top, behind = step + numbers[0], old.peak
        rest = _over(top, end, lambda u: _way(behind, 0.0, u, "cosine"))
        return old.then(
            step, lambda p: _way(last, behind, float((p - step) / numbers[0]), "linear") if p < top else rest(p), end
        )
    wait = numbers[0] if word == "append" else 0
    fall = _over(step + wait, end, lambda u: _way(last, 0.0, u, "linear"))
    return old.then(step, lambda p: last if p < step + wait else fall(p), end)


def _over(begin: int, end: int, way: Callable[[float], float]) -> Formula:
    return lambda p: way(float((p - begin) / (end - begin)))


def rises(old: Curve, step: int, asked: Curve) -> bool:
    """Whether it is to be refused: up by more than a tenth, of the last update and of what was planned for this one."""
    return step > 0 and asked(step) > MOST_UP * max(old.last(step), old(step))


def fits(old: Curve, step: int, change: dict[str, Any]) -> bool:
    """Whether a change can be met: behind a hold its release and nothing else, and no horizon that is past."""
    return (old.held is not None) == ("release" in change) and change.get("horizon", step + 1) > step


def changed(old: Curve, step: int, change: dict[str, Any]) -> Curve:
    """What a change under way makes of a run from a step on."""
    longer, last = max(old.horizon, step + 1), old.last(step)
    if "scale" in change:
        warm = change.get("warmup", 0) + 1
        return old.then(step, lambda p: old(p) * change["scale"] * min(1.0, float(p - step + 1) / warm), longer)
    if "cap" in change:
        return old.then(step, lambda p: min(old(p), change["cap"]), longer)
    if "hold" in change:
        return old.then(step, lambda p: last, longer, held=(old, step))  # noqa: ARG005
    if "release" in change and old.held is not None:
        before, since = old.held
        late = step - since
        return old.then(step, lambda p: before(p - late), max(before.horizon, since + 1) + late)
    horizon = change["horizon"]
    policy = change.get("policy", "stretch")
    if policy == "stored":
        return old.then(step, lambda p: old(p), horizon)
    return going_on(old, step, [policy], horizon, old)
