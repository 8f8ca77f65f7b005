"""Figures for the tests of this room: every kind of series, mark and axis, and the edges."""

from functools import cache

import numpy as np

import glidepath as gp
from glidepath.diagnosis.finding import Finding
from glidepath.finder.agreement import suggestion_of
from glidepath.finder.rules import smoothed
from glidepath.finder.suggestion import Sweep
from glidepath.plots.figure import Figure, Mark, Panel, Series, Span
from glidepath.plots.findings import findings_figure
from glidepath.plots.range_tests import range_test_figure
from glidepath.plots.runs import comparison_figure, run_figure
from glidepath.plots.schedules import schedule_figure, schedules_figure
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run

LONG = "a very long title that goes on and on " * 20
FOUND = (
    Finding("divergence", "wrong", 1_333, "the loss rose from 3.2 to 1e4", "peak too high", "halve the peak", sure=0.9),
    Finding("spike", "note", 400, "the loss rose", "a bad batch", "nothing", end=420),
    Finding("rate too low", "suspect", 0, "still falling", "peak too low", "double the peak"),
)
HOSTILE = "</script><script>alert(1)</script>\u2028<b>&\"' %{x} $x^2_$ \x1b[31m \ud800 🚀 学習率"


def run(final: float = 3.2, *, diverges: bool = False, steps: int = 2_000) -> Run:
    """A run whose loss falls from about 10 to `final`, and perhaps breaks down after two thirds."""
    at, noise = np.arange(steps), np.random.default_rng(0).normal(0, 0.05, steps)
    loss = final + (10 - final) * np.exp(-at / 100) + noise
    if diverges:
        loss[2 * steps // 3 :] = 1e4
        loss[-10:] = np.nan
    checks = np.arange(0, steps, 100)
    columns = {"loss": (at, loss), "validation_loss": (checks, loss[checks] + 0.1)}
    columns |= {"lr": (at, (gp.warmup("2%") >> gp.cosine()).over(steps, peak=3e-4)(at)), "grad_norm": (at, loss)}
    return Run({name: Curve(name, *column) for name, column in columns.items()})


def one(x, y, kind="line", **panel) -> Figure:
    return Figure("One", (Panel((Series("curve", x, y, kind),), "step", "value", **panel),))


def sweep(seed: int = 0, *, noise: float = 0.05) -> Sweep:
    """From 4 to 2.5, and up again beyond 0.03."""
    lrs = np.geomspace(1e-6, 1, 200)
    clean = 4 - 1.5 / (1 + 3e-4 / lrs) + np.where(lrs > 0.03, (lrs / 0.03) ** 4, 0)
    losses = clean + np.random.default_rng(seed).normal(0, noise, 200)
    steps = np.arange(200)
    return Sweep(Curve("lr", steps, lrs), Curve("loss", steps, losses), Curve("smoothed loss", steps, smoothed(losses)))


def range_test(seeds: int = 1) -> Figure:
    sweeps = [sweep(seed) for seed in range(seeds)]
    return range_test_figure(sweeps, suggestion_of(sweeps))


@cache
def figures() -> dict[str, Figure]:
    """By name, every figure that a drawer must cope with."""
    default, stable = gp.warmup("2%") >> gp.cosine(to=0.1), gp.warmup("2%") >> gp.hold() >> gp.decay("20%")
    x = np.linspace(0, 10, 50)
    return {
        "schedule": schedule_figure(stable.over(100_000, peak=3e-4)),
        "schedules": schedules_figure({"a": default.over(10_000, peak=1e-3), "b": stable.over(20_000)}),
        "comparison": comparison_figure({"good": run(), "bad": run(3.4, diverges=True)}),
        "run": run_figure(run()),
        "range test": range_test(),
        "range test of seeds": range_test(4),
        "one update": schedule_figure(gp.hold().over(1, peak=0.1)),
        "very long": schedule_figure(default.over(10**12, peak=3e-4)),
        "one point": one([5], [2.0]),
        "constant": one([0, 1, 2], [7.0, 7.0, 7.0]),
        "no value": one([0, 1], [np.nan, np.inf]),
        "no value on log axes": one([0, 1], [np.nan, np.nan], x_log=True, y_log=True),
        "empty": one([], []),
        "no series": Figure("None", (Panel((), "step", "value"),)),
        "findings": findings_figure(run(diverges=True), FOUND, plan=default.over(1_000, peak=3e-4)),
        "stretches": one(x + 1, x, x_log=True, spans=(Span(1, 2, "early", "wrong", "a word"), Span(9, 9, HOSTILE))),
        "gaps": one(x, np.where(np.arange(50) % 7, np.sin(x), np.nan), "steps"),
        "isolated": one([0, 1, 2, 3], [1.0, np.nan, 2.0, np.nan]),
        "extremes": one([0, 1, 2], [-1e299, 1e299, 1e-300]),
        "far outside": one([0, 1, 2], [0.0, 1e299, 1.0], y_range=(0.0, 1e-3)),
        "tiny": one([0, 1, 2], [1e-300, 2e-300, 3e-310]),
        "log": one(x, np.exp(x) - 1, x_log=True, y_log=True, marks=(Mark(1.0, "here"), Mark(2.0, "there", 6.0))),
        "backwards": one([3, 1, 2, 0], [1.0, 2.0, 3.0, 4.0]),
        "no names": Figure("", (Panel((Series("", x, x), Series(" ", x, -x)), "", "", marks=(Mark(1, ""),)),)),
        "long names": Figure(LONG, (Panel((Series(LONG, x, x), Series(LONG + "2", x, -x)), LONG, LONG, LONG),), LONG),
        "hostile": Figure(
            HOSTILE,
            (
                Panel((Series(HOSTILE, x, x), Series("_b", x, -x)), HOSTILE, HOSTILE, marks=(Mark(1, HOSTILE),)),
                Panel(
                    (Series("_b", x, -x, "points"),),
                    "other",
                    "y",
                    marks=(Mark(1, HOSTILE, 2.0),),
                    spans=(Span(1, 2, HOSTILE, "wrong", HOSTILE),),
                ),
            ),
            HOSTILE,
        ),
        "many": Figure(
            "Many", (Panel(tuple(Series(f"run {n}", x, x * n) for n in range(40)), "step", "y"),) * 2, "note"
        ),
    }
