"""Rules that read the loss: pure folds from the losses observed to the multiplier of the next update.

The learning rate of an update is the schedule times the multiplier of the state, and the loop stays the caller's:

>>> from glidepath import cosine, warmup
>>> schedule = (warmup(2) >> cosine(to=0.5)).over(8, peak=1.0)
>>> rule = after_warmup(torch_plateau(patience=1, factor=0.1), schedule)
>>> state, used = rule.start(), []
>>> for step, loss in enumerate([9.0, 8.0, 3.0, 2.0, 2.0, 2.0, 1.0, 1.0]):
...     used.append(round(schedule(step) * state.multiplier, 3))
...     state = rule.observe(state, step, loss)
>>> used
[0.333, 0.667, 1.0, 0.967, 0.875, 0.75, 0.062, 0.053]
>>> state.decisions[0].step, state.decisions[0].reason
(5, '2 checks in a row without one below 2 by more than 0.0001 of it, with a patience of 1 as torch counts')

A checkpoint holds `rule_to_spec(rule)` and `to_plain(state)`; `rule_from_spec` and `from_plain` go on to the bit.
"""

from glidepath.schedules.feedback.counted import torch_plateau
from glidepath.schedules.feedback.divergence import back_off
from glidepath.schedules.feedback.greed import greedy
from glidepath.schedules.feedback.rule import Decision, Rule, State, fold
from glidepath.schedules.feedback.saving import from_plain, to_plain
from glidepath.schedules.feedback.slope import plateau
from glidepath.schedules.feedback.spelling import parse_rule, rule_from_spec, rule_to_spec
from glidepath.schedules.feedback.stopping import early_stop
from glidepath.schedules.feedback.waiting import after_warmup

__all__ = [
    "Decision",
    "Rule",
    "State",
    "after_warmup",
    "back_off",
    "early_stop",
    "fold",
    "from_plain",
    "greedy",
    "parse_rule",
    "plateau",
    "rule_from_spec",
    "rule_to_spec",
    "to_plain",
    "torch_plateau",
]
