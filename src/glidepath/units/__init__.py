"""Amounts of training and the horizon that turns them into whole steps, in exact rational arithmetic.

A step is one applied optimizer update. `2_000` is steps, `"10%"` a share of the horizon; `"3 epochs"`,
`"1.5B tokens"` and `"2M samples"` need a horizon that knows how many of them a step takes.
"""

from glidepath.units.amount import UNITS, Amount, AmountLike, optional
from glidepath.units.exact import RATE, exact, half_up, plain
from glidepath.units.horizon import RATES, Horizon

__all__ = ["RATE", "RATES", "UNITS", "Amount", "AmountLike", "Horizon", "exact", "half_up", "optional", "plain"]
