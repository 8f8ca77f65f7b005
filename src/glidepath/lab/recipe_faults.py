"""Recipes and peaks that do not suit a training, though they were applied as they stand."""

from dataclasses import replace

from numpy.random import Generator

from glidepath.lab.injected import Injection, Setting
from glidepath.lab.problems import PROBLEMS
from glidepath.lab.schedule_faults import Made, warm

CLEAN = (
    "warmup(5%) >> cosine()",
    "warmup(3%) >> cosine(to=0.1)",
    "warmup(4%) >> hold() >> decay(20%, shape=1-sqrt)",
    "warmup(5%) >> hold() >> decay(40%)",
    "warmup(2%) >> linear()",
    "warmup(10%) >> linear()",
    "warmup(3%) >> hold()",
)
LOUD = {
    "teacher-sgd": (20, 60),
    "teacher-adam": (60, 200),
    "digits": (8, 30),
    "characters": (40, 150),
    "autoencoder": (40, 150),
}
HIGH = {"teacher-sgd": (3.5, 7), "teacher-adam": (6, 14), "characters": (12, 30), "autoencoder": (10, 25)}


def divergence(setting: Setting, draw: Generator) -> Made:
    """A peak that the training does not survive, from the warmup's end on."""
    setting = decayed(times(setting, draw.uniform(*LOUD[setting.problem])), draw)
    return setting, Injection(), warm(setting)


def peak_too_high(setting: Setting, draw: Generator) -> Made:
    """A plateau far above what the decay comes to."""
    setting = times(setting, draw.uniform(*HIGH[setting.problem]))
    recipes = (
        "warmup(5%) >> hold() >> decay(20%)",
        "warmup(5%) >> hold() >> decay(30%, shape=1-sqrt)",
        "warmup(5%) >> linear()",
    )
    setting = replace(setting, recipe=str(draw.choice(recipes)), half=False)
    return setting, Injection(), warm(setting)


def peak_too_low(setting: Setting, draw: Generator) -> Made:
    """A twentieth to a sixtieth of the peak that suits."""
    setting = replace(times(setting, 1 / draw.uniform(20, 60)), recipe=str(draw.choice((CLEAN[2], CLEAN[4], CLEAN[6]))))
    return setting, Injection(), 0


def short_warmup(setting: Setting, draw: Generator) -> Made:
    """At the peak from the first update on, where the training does not bear it yet."""
    recipe = str(draw.choice(("linear()", "cosine()", "warmup(1) >> cosine()")))
    setting = replace(times(setting, draw.uniform(4, 12)), recipe=recipe, every=1, half=False)
    return setting, Injection(), 0


def with_a_warmup(setting: Setting) -> Setting:
    """The same with the usual warmup: what mends a short one, and no peak that is too high whatever the warmup."""
    return replace(setting, recipe=f"warmup(5%) >> {setting.recipe.removeprefix('warmup(1) >> ')}")


def long_warmup(setting: Setting, draw: Generator) -> Made:
    """Nearly or more than half of the run goes up."""
    share = int(draw.integers(42, 75))
    return replace(setting, recipe=f"warmup({share}%) >> {draw.choice(('linear()', 'cosine()'))}"), Injection(), 0


def early_decay(setting: Setting, draw: Generator) -> Made:
    """At its floor before half of the run is over."""
    share = int(draw.integers(10, 30))
    end = draw.choice(("0", "0.01"))
    setting = replace(setting, recipe=f"warmup(3%) >> decay({share}%, to={end}) >> hold()")
    return setting, Injection(), int(setting.steps * (0.03 + share / 100))


def late_decay(setting: Setting, draw: Generator) -> Made:
    """The last fiftieth or less."""
    share = int(draw.integers(1, 3))
    setting = replace(times(setting, 1.5), recipe=f"warmup(3%) >> hold() >> decay({share}%)")
    return setting, Injection(), int(setting.steps * (1 - share / 100))


def missing_decay(setting: Setting, draw: Generator) -> Made:
    """At a peak on the high side to the end, which some do not bear."""
    setting = replace(times(setting, draw.uniform(1.5, 3)), recipe="warmup(3%) >> hold()")
    return setting, Injection(), setting.steps - 1


def high_floor(setting: Setting, draw: Generator) -> Made:
    """Decays to a third or a half only."""
    to = float(draw.choice([0.3, 0.4, 0.5, 0.6]))
    setting = replace(
        times(setting, draw.uniform(1.2, 2.5)), recipe=f"warmup(4%) >> {draw.choice(('linear', 'cosine'))}(to={to})"
    )
    return setting, Injection(), setting.steps - 1


def underfit(setting: Setting, draw: Generator) -> Made:
    """Far too few updates."""
    steps = int(draw.integers(80, 160))
    setting = replace(
        setting, steps=steps, every=1, measured=steps // 10, recipe=str(draw.choice((CLEAN[2], CLEAN[6])))
    )
    return times(setting, draw.uniform(0.1, 0.3)), Injection(), 0


def slow_weight_decay(setting: Setting, draw: Generator) -> Made:
    """Weights would decay in many runs of this length."""
    setting = replace(decayed(setting, draw), decay=float(draw.choice([1e-4, 1e-3, 1e-2])))
    return setting, Injection(), 0


def times(setting: Setting, factor: float) -> Setting:
    """At a multiple of the peak that suits."""
    return replace(setting, peak=PROBLEMS[setting.problem]().peak * float(factor))


def decayed(setting: Setting, draw: Generator) -> Setting:
    """Under a healthy recipe that comes down."""
    return replace(setting, recipe=str(draw.choice(CLEAN[:-1])))
