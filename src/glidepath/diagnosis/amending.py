"""Amended recipes as text: what the learning rates of a run say that it was, with another number in it."""

from glidepath.diagnosis.view import View


def amended(
    view: View, *, times: float = 1.0, warmup: int | None = None, decay: int | None = None, to: float | None = None
) -> str | None:
    """The schedule of a run as text, its peak times `times`, with a warmup or a decay of so many percent, to `to`.

    None where the run has no learning rates. Another peak alone is of the plan, where there is one; else, and in what
    changes its parts, a decay is linear.
    """
    rates, plan = view.rates, view.plan
    if plan is not None and plan.peak is not None and times != 1 and (warmup, decay, to) == (None, None, None):
        return f"({plan.recipe}).over({plan.horizon.steps}, peak={plan.peak * times:.3g})"
    if rates is None:
        return None
    steps = view.horizon or rates.last + 1
    warm = round(100 * (rates.warm - rates.first) / steps) if warmup is None else warmup
    down = max(1, round(100 * (steps - rates.down) / steps)) if decay is None else decay
    end = min(1.0, rates.end) if to is None else to
    parts = [f"warmup({warm}%)"] if warm > 0 else []
    if end < 1 or decay is not None:
        tail = f"decay({down}%, to={end:.2g})" if end > 0 else f"decay({down}%)"
        parts += ["hold()", tail] if warm + down < 100 else [tail.replace(f"{down}%, ", "").replace(f"{down}%", "")]
    else:
        parts.append("hold()")
    return f"({' >> '.join(parts)}).over({steps}, peak={rates.peak * times:.3g})"
