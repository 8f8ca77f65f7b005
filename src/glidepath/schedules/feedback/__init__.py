"""Rules that read the loss: pure folds from the losses observed to the multiplier of the next update."""

from glidepath.schedules.feedback.counted import torch_plateau
from glidepath.schedules.feedback.divergence import back_off
from glidepath.schedules.feedback.greed import greedy
from glidepath.schedules.feedback.rule import Decision, Rule, State, fold
from glidepath.schedules.feedback.saving import from_plain, to_plain
from glidepath.schedules.feedback.slope import plateau
from glidepath.schedules.feedback.stopping import early_stop

__all__ = [
    "Decision",
    "Rule",
    "State",
    "back_off",
    "early_stop",
    "fold",
    "from_plain",
    "greedy",
    "plateau",
    "to_plain",
    "torch_plateau",
]
