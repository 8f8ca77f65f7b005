"""Glidepath: learning-rate schedules as values. See the README for the whole; this lists the names."""

from glidepath.errors import GlidepathError
from glidepath.schedules.comparison import compare
from glidepath.schedules.continuation import anneal_from_here, append, branch, continue_, rewarm
from glidepath.schedules.groups import Group, layer_decay
from glidepath.schedules.levels import absolute
from glidepath.schedules.plan import Plan
from glidepath.schedules.plan_values import coupled
from glidepath.schedules.points import points
from glidepath.schedules.powers import inverse_sqrt, inverse_time, noam_peak, power_law, untuned
from glidepath.schedules.recipes import arc, cosine, decay, hold, linear, steps, warmup
from glidepath.schedules.reshape import (
    clip,
    combine,
    excerpt,
    override,
    remap,
    repeat,
    reverse,
    scale,
    shift,
    stretch,
)
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.spec import from_json, from_spec, from_toml, to_json, to_spec, to_toml
from glidepath.schedules.text import parse
from glidepath.units import Amount, Horizon

__version__ = "0.1.0"

__all__ = [
    "Amount",
    "GlidepathError",
    "Group",
    "Horizon",
    "Plan",
    "Recipe",
    "Schedule",
    "absolute",
    "anneal_from_here",
    "append",
    "arc",
    "branch",
    "clip",
    "combine",
    "compare",
    "continue_",
    "cosine",
    "coupled",
    "decay",
    "excerpt",
    "from_json",
    "from_spec",
    "from_toml",
    "hold",
    "inverse_sqrt",
    "inverse_time",
    "layer_decay",
    "linear",
    "noam_peak",
    "override",
    "parse",
    "points",
    "power_law",
    "remap",
    "repeat",
    "reverse",
    "rewarm",
    "scale",
    "shift",
    "steps",
    "stretch",
    "to_json",
    "to_spec",
    "to_toml",
    "untuned",
    "warmup",
]
