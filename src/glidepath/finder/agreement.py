"""Sweeps of one or several seeds, read by every rule, as one suggestion: how far they agree is how sure it is."""

from collections.abc import Iterable, Sequence
from math import inf

import numpy as np

from glidepath.errors import FinderError
from glidepath.finder.rules import LIMIT, RULES, SHARE, answers
from glidepath.finder.suggestion import Suggestion, Sweep

TOLERANCE = 3.0  # two learning rates within this factor are the same answer
LOW = 1 / 2  # of the answer: a quarter of the steepest place

Answers = dict[str, float]


def suggestion_of(sweeps: Sequence[Sweep]) -> Suggestion:
    """The peak that sweeps of the same training (n >= 1, one a seed) speak for.

    Where all rules (each in the median of the seeds) and all seeds lie within a factor of 3 of it, it is half of the
    steepest place, between a quarter and the whole. Else it is the median of the rules, and the interval is as wide as
    what they say, up to the largest learning rate before the explosion: that one is no opinion, but a limit, of which
    the answer is half at most. The confidence is the share of all answers, of each rule in each seed, within a factor
    of 3 of this one, times the share of seeds that had one.

    Raises FinderError where no more than half of the sweeps carry an answer.
    """
    said, refusals = _said(sweeps)
    told = f"in {len(refusals)} of {len(sweeps)} seeds: " if len(sweeps) > 1 else ""
    if len(said) <= len(refusals):
        raise FinderError(f"{told}{refusals[0]}" if refusals else "expected at least one sweep, got none")
    rules = _medians(said)
    lr, low, high = _interval(rules, said)
    every = [answer for one in said for word, answer in one.items() if word != LIMIT]
    near = sum(_alike(answer, lr) for answer in every)
    return Suggestion(
        lr=_two_digits(lr),
        low=_two_digits(low),
        high=_two_digits(high),
        confidence=near / len(every) * len(said) / len(sweeps),
        reasons=(
            f"the loss falls fastest at {rules['steepest'] / SHARE:.2g}, near the edge; a half to a quarter is stable",
            *_doubts(rules, said),
            f"{near} of {len(every)} answers of the rules lie within a factor of {TOLERANCE:g} of {lr:.2g}",
            *([f"{told}{refusals[0]}"] if refusals else []),
        ),
        evidence=tuple(sweeps),
        cost=sum(len(sweep.losses) for sweep in sweeps),
    )


def readings(sweeps: Sequence[Sweep]) -> Answers:
    """What each rule that has an answer reads off sweeps of the same training: the median of the seeds."""
    return _medians(_said(sweeps)[0])


def _said(sweeps: Sequence[Sweep]) -> tuple[list[Answers], list[FinderError]]:
    """The answers of each sweep that has some, and why the others have none."""
    said, refusals = list[Answers](), list[FinderError]()
    for sweep in sweeps:
        try:
            said.append(answers(sweep))
        except FinderError as error:
            refusals.append(error)
    return said, refusals


def _medians(said: Sequence[Answers]) -> Answers:
    return {word: _middle(found) for word in RULES if (found := [one[word] for one in said if word in one])}


def _interval(rules: Answers, said: Sequence[Answers]) -> tuple[float, float, float]:
    """The answer, and from where to where it may be."""
    limit, middle = rules.get(LIMIT, inf), rules["steepest"]
    peaks = [answer for word, answer in rules.items() if word != LIMIT]
    every = [*peaks, *(one["steepest"] for one in said)]
    alike = all(_alike(answer, middle) for answer in every)
    lr = min(middle if alike else _middle(peaks), SHARE * limit)
    if alike:
        return lr, LOW * lr, min(lr / SHARE, limit)
    return lr, min(lr, LOW * middle, *every), max(middle / SHARE, *every) if limit == inf else limit


def _doubts(rules: Answers, said: Sequence[Answers]) -> Iterable[str]:
    """Who says otherwise, and what the limit is."""
    middle = rules["steepest"]
    peaks = {word: answer for word, answer in rules.items() if word != LIMIT}
    if not all(_alike(answer, middle) for answer in peaks.values()):
        yield f"the rules disagree: {', '.join(f'{word} {answer:.2g}' for word, answer in peaks.items())}"
    seeds = [one["steepest"] for one in said]
    if not all(_alike(answer, middle) for answer in seeds):
        yield f"the seeds disagree: from {min(seeds):.2g} to {max(seeds):.2g}"
    if LIMIT in rules:
        yield f"the loss explodes beyond {rules[LIMIT]:.2g}"


def _alike(one: float, other: float) -> bool:
    return other / TOLERANCE <= one <= other * TOLERANCE


def _middle(lrs: Sequence[float]) -> float:
    """The median, half way by factor between the middle two."""
    return float(np.exp(np.median(np.log(lrs))))


def _two_digits(lr: float) -> float:
    """As many as a range test can carry, and a person copies."""
    return float(f"{lr:.2g}")
