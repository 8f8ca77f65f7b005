"""Numbers that are none: losses of NaN or infinity, and a loss scale that collapses."""

import numpy as np

from glidepath.diagnosis.finding import Finding, Severity
from glidepath.diagnosis.view import View

HALVINGS = 4  # of the loss scale in a window: torch's starts 4 to 8 above where it settles, so the first are free
WINDOW = 0.05  # of the run, at least so many rows
ROWS = 10
BAD = 0.4  # of the rows of a window without a gradient: more than any healthy scale skips


def not_finite(view: View) -> tuple[Finding, ...]:
    """Losses that are no numbers: for good, or for some rows."""
    if not len(view.broken):
        return ()
    first, count = int(view.broken[0]), len(view.broken)
    behind = int((view.steps > first).sum())
    for_good = behind < count
    rate = None if view.rates is None else float(view.rates.at(first))
    return (no_number(first, count, behind, rate, for_good=for_good, last=int(view.broken[-1])),)


def no_number(
    first: int, count: int, behind: int, rate: float | None, *, for_good: bool, last: int | None = None
) -> Finding:
    """Losses that are no numbers, from a step on, `count` of them and `behind` that are numbers, as a finding."""
    again = f"{behind} rows behind it are numbers again" if behind else "no loss behind it is a number"
    evidence = f"the loss is not a finite number from step {first} on, in {count} rows; {again}"
    cause = "a gradient that was no number, in the weights by now" if for_good else "an overflow that did not stay"
    if rate and for_good:
        cause += f", at a learning rate of {rate:.3g}"
    fix = f"go on from a checkpoint before step {first}; clip the gradient norm; bfloat16 where it was float16"
    severity: Severity = "wrong" if for_good else "suspect"
    return Finding("not finite", severity, first, evidence, cause, fix, None if for_good else last, 1.0)


def collapse(begin: int, scale: float | None, highest: float | None = None) -> Finding:
    """A loss scale that collapses from a step on, as a finding; `scale` is where it came to."""
    told = f", and the loss scale fell to {scale:.4g}" if scale else ""
    told += f" from {highest:.4g}" if scale and highest else ""
    evidence = f"from step {begin} on most updates overflowed and were skipped{told}"
    fix = (
        "bfloat16, or clipped gradients; look at what grows there (logits, attention scores), from a checkpoint before"
    )
    return Finding("scale collapse", "wrong", begin, evidence, "gradients beyond the range of float16", fix, None, 0.9)


def scale_collapse(view: View) -> tuple[Finding, ...]:
    """A loss scale that is halved again and again, updates skipped, gradients that are no numbers."""
    begin = min((one for one in (_by_scale(view), _by_skips(view), _by_norms(view)) if one is not None), default=None)
    if begin is None or len(view.broken) > (view.steps > begin).sum():
        return ()
    if view.scales is None or not len(view.scales):
        return (collapse(begin, None),)
    here = view.scales.values[min(np.searchsorted(view.scales.steps, begin), len(view.scales) - 1) :]
    return (collapse(begin, float(here.min()), float(here.max())),)


def _by_scale(view: View) -> int | None:
    """The first of several halvings in a row."""
    scales = view.scales
    if scales is None or len(scales) < ROWS:
        return None
    logs = np.log2(np.where(scales.values > 0, scales.values, np.nan))
    drops = np.maximum(0.0, -np.diff(logs, prepend=logs[:1]))
    drops[: len(drops) // FIRST] = 0.0
    width = max(ROWS, int(WINDOW * len(scales)))
    summed = _summed(np.nan_to_num(drops), width)
    high = np.flatnonzero(summed >= HALVINGS)
    if not len(high):
        return None
    return int(scales.steps[_since(drops > 0, int(high[0]), width // 4)])


FIRST = 20  # a twentieth of the run: in it a scale finds its place


def _by_skips(view: View) -> int | None:
    skipped = view.skipped
    if skipped is None or len(skipped) < ROWS:
        return None
    each = np.diff(skipped.values, prepend=skipped.values[:1]) / np.maximum(
        1, np.diff(skipped.steps, prepend=skipped.steps[0] - 1)
    )
    return _mostly(each, skipped.steps)


def _by_norms(view: View) -> int | None:
    if view.norms is None:
        return None
    return _mostly((~np.isfinite(view.norms.values)).astype(float), view.norms.steps)


def _mostly(bad: np.ndarray, steps: np.ndarray) -> int | None:
    """The first bad row of the first window in which most are."""
    if len(bad) < ROWS:
        return None
    bad = bad.copy()
    bad[: len(bad) // FIRST] = 0.0
    width = max(ROWS, int(WINDOW * len(bad)))
    high = np.flatnonzero(_summed(bad, width) >= BAD * width)
    if not len(high):
        return None
    return int(steps[_since(bad > 0, int(high[0]), width // 4)])


def _summed(values: np.ndarray, width: int) -> np.ndarray:
    """Of each row and the ones before it, so many in all."""
    total = np.concatenate([np.zeros(width), np.cumsum(values)])
    result: np.ndarray = total[width:] - total[:-width]
    return result


def _since(bad: np.ndarray, place: int, gap: int) -> int:
    """The first of the bad rows that lead up to a place with no longer gap between them."""
    rows = np.flatnonzero(bad[: place + 1])
    apart = np.flatnonzero(np.diff(rows) > max(gap, 1))
    return int(rows[apart[-1] + 1] if len(apart) else rows[0])
