"""Faults of a training that no learning rate shows: data, optimizer state, precision."""

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.random import Generator

from glidepath.lab.garbage import garbage, mixed, other, shuffled
from glidepath.lab.injected import Injection, Setting, Training
from glidepath.lab.problems import Batch
from glidepath.lab.recipe_faults import CLEAN, decayed, times
from glidepath.lab.schedule_faults import Made


def clean(setting: Setting, draw: Generator) -> Made:
    """Nothing wrong; some are resumed, without harm."""
    resumed = (int(setting.steps * draw.uniform(0.2, 0.8)),) if draw.random() < 0.2 else ()
    return replace(setting, recipe=str(draw.choice(CLEAN))), Injection(segments=resumed), 0


def slow_divergence(setting: Setting, draw: Generator) -> Made:
    """The loss creeps up: weights that grow a little each update, or a learning rate that does."""
    begin, kind = int(setting.steps * draw.uniform(0.15, 0.5)), draw.random()
    setting = replace(setting, recipe="warmup(3%) >> hold()", half=False)
    left = setting.steps - begin
    if kind < 0.5:
        growth = float(draw.uniform(0.8, 2.0)) / left

        def grown(training: Training, step: int) -> None:
            if step >= begin:
                with torch.no_grad():
                    for one in training.model.parameters():
                        one.mul_(1 + growth)

        return setting, Injection(gradient=grown), begin
    most = float(draw.uniform(0.4, 0.9))

    def rotten(training: Training, step: int) -> Batch:
        share = most * max(0, step - begin) / left
        return mixed(training, step, shuffled(training, step), share)

    return setting, Injection(batch=rotten), begin


def bad_batch(setting: Setting, draw: Generator) -> Made:
    """One batch of garbage."""
    return _bad(setting, draw, 1)


def bad_batches(setting: Setting, draw: Generator) -> Made:
    """Some of them, at places of their own."""
    return _bad(setting, draw, int(draw.integers(3, 7)))


def _bad(setting: Setting, draw: Generator, count: int) -> Made:
    setting = decayed(setting, draw)
    places = np.sort(draw.choice(np.arange(setting.steps // 4, setting.steps * 3 // 4), count, replace=False))
    if not setting.windowed:  # a batch that no row is of would not be in the log
        places = places // setting.every * setting.every
    chosen = set(places.tolist())

    def batch(training: Training, step: int) -> Batch:
        return garbage(training, step) if step in chosen else training.true_batch(step)

    return setting, Injection(batch=batch), int(places[0])


def harmless_spike(setting: Setting, draw: Generator) -> Made:
    """One value is noise: nothing was done to the training."""
    setting = replace(decayed(setting, draw), windowed=False)
    place = int(setting.steps * draw.uniform(0.25, 0.9)) // setting.every * setting.every
    times = float(draw.uniform(2.5, 6))
    return setting, Injection(heard=lambda step, loss: loss * times if step == place else loss), place


def lost_state(setting: Setting, draw: Generator) -> Made:
    """The moments of Adam are gone behind a resume: with its count of updates, or (more often) without."""
    begin, counted = int(setting.steps * draw.uniform(0.25, 0.7)), draw.random() < 0.75
    setting = replace(times(setting, draw.uniform(1, 3)), recipe=str(draw.choice((CLEAN[2], CLEAN[6]))))

    def lost(training: Training) -> None:
        for state in training.optimizer.state.values():
            state["exp_avg"].zero_()
            state["exp_avg_sq"].zero_()
            if not counted:
                state["step"].zero_()

    return setting, Injection(events={begin: lost}, segments=(begin,)), begin


def data_seam(setting: Setting, draw: Generator) -> Made:
    """Other data from an update on: labels or inputs mean something else."""
    begin, kind = int(setting.steps * draw.uniform(0.25, 0.65)), draw.random()
    setting = replace(setting, recipe=str(draw.choice((CLEAN[0], CLEAN[2], CLEAN[3]))))
    share = float(draw.uniform(0.6, 1))

    def batch(training: Training, step: int) -> Batch:
        if step < begin:
            return training.true_batch(step)
        return mixed(training, step, other(training, step, labels=kind < 0.5), share)

    return setting, Injection(batch=batch), begin


def scale_collapse(setting: Setting, draw: Generator) -> Made:
    """Gradients overflow half precision from an update on, most of the time, whatever the scale."""
    begin, share = int(setting.steps * draw.uniform(0.2, 0.7)), float(draw.uniform(0.6, 1))
    setting = replace(decayed(setting, draw), half=True)
    hit = draw.random(setting.steps) < share

    def overflow(training: Training, step: int) -> None:
        if step >= begin and hit[step]:
            next(training.model.parameters()).grad.fill_(math.inf)  # type: ignore[union-attr]

    return setting, Injection(gradient=overflow), begin + int(np.argmax(hit[begin:]))


def stall(setting: Setting, draw: Generator) -> Made:
    """Nothing is learnt any more while the loss could still fall: gradients are zero, or the learning rate is."""
    begin = int(setting.steps * draw.uniform(0.05, 0.15))
    setting = replace(
        times(setting, draw.uniform(0.15, 0.4)), recipe=str(draw.choice((CLEAN[2], CLEAN[3], CLEAN[6]))), decay=0.0
    )

    def zero(training: Training, step: int) -> None:
        if step >= begin:
            for one in training.model.parameters():
                if one.grad is not None:
                    one.grad.zero_()

    def dropped(training: Training) -> None:
        training.optimizer.state.clear()  # else the momentum goes on

    return setting, Injection(gradient=zero, events={begin: dropped}), begin


def overfit(setting: Setting, draw: Generator) -> Made:
    """Some batches again and again."""
    few = int(draw.integers(2, 5))
    setting = replace(decayed(setting, draw), measured=max(setting.every, setting.steps // 25), decay=0.0)
    return setting, Injection(batch=lambda training, step: training.true_batch(step % few)), 0


def not_finite(setting: Setting, draw: Generator) -> Made:
    """A gradient of NaN goes into the weights."""
    begin = int(setting.steps * draw.uniform(0.1, 0.9))
    setting = replace(decayed(setting, draw), half=False)

    def broken(training: Training, step: int) -> None:
        if step == begin:
            next(training.model.parameters()).grad.fill_(math.nan)  # type: ignore[union-attr]

    return setting, Injection(gradient=broken), begin
