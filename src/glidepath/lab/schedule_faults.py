"""Faults of a schedule as real optimizers and schedulers make them: what an audit has to name."""

import math
from collections.abc import Callable
from dataclasses import replace

from numpy.random import Generator
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

from glidepath.lab.injected import Injection, Setting, Training, bound, lambda_lr

Made = tuple[Setting, Injection, int]  # and the update at which the fault begins
TICKS = 2, 4, 8  # processes, or micro-batches of an update


def warm(setting: Setting) -> int:
    """Updates until the plan is at its peak."""
    shape = bound(setting.recipe, setting.steps)
    return next((step for step in range(setting.steps) if shape(step) >= 1), 0)


def fast_ticks(setting: Setting, draw: Generator) -> Made:
    """Ticked once for each process."""
    times = int(draw.choice(TICKS))

    def drive(training: Training) -> Callable[[int], None]:
        scheduler = lambda_lr(training)

        def tick(_: int) -> None:
            for _ in range(times):
                scheduler.step()

        return tick

    return setting, Injection(drive=drive, told={"processes": times}), 0


def slow_ticks(setting: Setting, draw: Generator) -> Made:
    """Ticked once for several updates, as where accumulation is counted twice."""
    times = int(draw.choice(TICKS))
    return setting, Injection(drive=_ticked_each(times), told={"accumulation": times}), 0


def epoch_ticks(setting: Setting, draw: Generator) -> Made:
    """Ticked behind each epoch, planned in updates."""
    updates = setting.steps // int(draw.integers(4, 16))
    return setting, Injection(drive=_ticked_each(updates), told={"steps_per_epoch": updates}), 0


def _ticked_each(updates: int) -> Callable[[Training], Callable[[int], None]]:
    def drive(training: Training) -> Callable[[int], None]:
        scheduler = lambda_lr(training)
        return lambda step: scheduler.step() if (step + 1) % updates == 0 else None

    return drive


def zero_start(setting: Setting, draw: Generator) -> Made:
    """The first update at 0, as the textbook's warmup of transformers has it."""
    length = int(setting.steps * draw.uniform(0.03, 0.12))

    def factor(step: int) -> float:
        return step / length if step < length else max(0.0, (setting.steps - step) / (setting.steps - length))

    return _recipe(setting, f"warmup({length}) >> linear()"), Injection(drive=_of(factor)), 0


def peak_not_reached(setting: Setting, draw: Generator) -> Made:
    """The cosine has run under the warmup already, as timm's does without `warmup_prefix`."""
    length = int(setting.steps * draw.uniform(0.15, 0.35))

    def factor(step: int) -> float:
        cosine = (1 + math.cos(math.pi * min(step / setting.steps, 1))) / 2
        return (step + 1) / (length + 1) if step < length else cosine

    return _recipe(setting, f"warmup({length}) >> cosine()"), Injection(drive=_of(factor)), length


def rise_after_end(setting: Setting, draw: Generator) -> Made:
    """A CosineAnnealingLR that ends before the run does."""
    end = int(setting.steps * draw.uniform(0.45, 0.8))

    def drive(training: Training) -> Callable[[int], None]:
        scheduler = CosineAnnealingLR(training.optimizer, end)
        return lambda _: scheduler.step()

    return _recipe(setting, "cosine()"), Injection(drive=drive), end


def negative_rate(setting: Setting, draw: Generator) -> Made:
    """A linear decay without a floor, gone on with past its end."""
    end = int(setting.steps * draw.uniform(0.75, 0.93))
    length = max(1, int(setting.steps * 0.05))

    def factor(step: int) -> float:
        return min((step + 1) / length, (end - step) / (end - length))

    return _recipe(setting, f"warmup({length}) >> linear()"), Injection(drive=_of(factor)), end + 1


def frozen_rate(setting: Setting, draw: Generator) -> Made:
    """Behind a resume the scheduler drives what no optimizer uses any more."""
    begin = int(setting.steps * draw.uniform(0.2, 0.7))

    def drive(training: Training) -> Callable[[int], None]:
        scheduler = lambda_lr(training)
        return lambda step: scheduler.step() if step + 1 < begin else None

    return _decaying(setting, draw), Injection(drive=drive, segments=(begin,)), begin


def seam(setting: Setting, draw: Generator) -> Made:
    """Resumed with a scheduler that begins anew, or at another learning rate."""
    begin = int(setting.steps * draw.uniform(0.3, 0.75))
    ratio = None if draw.random() < 0.4 else float(draw.choice([0.1, 0.2, 0.4, 2.5, 4.0]))

    def drive(training: Training) -> Callable[[int], None]:
        shape = bound(training.setting.recipe, training.setting.steps)
        if ratio is None:
            scheduler = lambda_lr(training, lambda step: float(shape(step if step < begin else step - begin)))
        else:
            scheduler = lambda_lr(training, lambda step: float(shape(step)) * (1 if step < begin else ratio))
        return lambda _: scheduler.step()

    return _decaying(setting, draw), Injection(drive=drive, segments=(begin,)), begin


def other_horizon(setting: Setting, draw: Generator) -> Made:
    """Planned for the length of another run."""
    times = float(draw.choice([0.4, 0.6, 1.6, 2.5, 4.0]))
    setting = _decaying(setting, draw)
    shape = bound(setting.recipe, int(setting.steps * times))
    begin = int(setting.steps * times) if times < 1 else setting.steps - 1
    return setting, Injection(drive=_of(lambda step: float(shape(step)))), begin


def unfinished_decay(setting: Setting, draw: Generator) -> Made:
    """Stopped in the middle of its decay."""
    stop = int(setting.steps * draw.uniform(0.5, 0.85))
    return _decaying(setting, draw), Injection(stop=stop), stop - 1


def unscheduled_group(setting: Setting, draw: Generator) -> Made:
    """Half of the parameters are a group whose learning rate nothing moves: the first, or the second."""
    left = int(draw.integers(2))

    def drive(training: Training) -> Callable[[int], None]:
        training.optimizer.add_param_group({"params": training.others, "lr": setting.peak})
        shape = bound(training.setting.recipe, training.setting.steps)
        factors: list[Callable[[int], float]] = [lambda step: float(shape(step)), lambda _: 1.0]
        scheduler = LambdaLR(training.optimizer, factors[::-1] if left == 0 else factors)
        return lambda _: scheduler.step()

    return _decaying(setting, draw), Injection(drive=drive, groups=True), 0


def other_peak(setting: Setting, draw: Generator) -> Made:
    """The optimizer's own learning rate, or another one, in place of the one asked for."""
    ratio = float(draw.choice([0.1, 0.25, 0.5, 2.0]))
    own = 1e-3 if draw.random() < 0.5 else setting.peak * ratio  # torch's default for Adam and for SGD

    def drive(training: Training) -> Callable[[int], None]:
        for group in training.optimizer.param_groups:
            group["lr"] = own
        scheduler = lambda_lr(training)
        return lambda _: scheduler.step()

    return setting, Injection(drive=drive), 0


def _of(factor: Callable[[int], float]) -> Callable[[Training], Callable[[int], None]]:
    def drive(training: Training) -> Callable[[int], None]:
        scheduler = lambda_lr(training, factor)
        return lambda _: scheduler.step()

    return drive


def _recipe(setting: Setting, recipe: str) -> Setting:
    return replace(setting, recipe=recipe)


def _decaying(setting: Setting, draw: Generator) -> Setting:
    """A plan that moves all the time, so that its fault does."""
    recipes = "warmup(5%) >> cosine()", "warmup(4%) >> linear()", "warmup(6%) >> cosine(to=0.1)"
    return _recipe(setting, str(draw.choice(recipes)))
