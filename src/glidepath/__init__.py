"""Glidepath: learning-rate schedules as values. See the README for the whole; this lists the names."""

from glidepath.errors import GlidepathError
from glidepath.schedules.levels import absolute
from glidepath.schedules.recipes import arc, cosine, decay, hold, inverse_sqrt, linear, steps, warmup
from glidepath.schedules.reshape import clip, combine, excerpt, repeat, reverse, scale, shift, stretch
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.schedules.spec import from_json, from_spec, from_toml, to_json, to_spec, to_toml
from glidepath.schedules.text import parse
from glidepath.units import Amount, Horizon

__version__ = "0.1.0"

__all__ = [
    "Amount",
    "GlidepathError",
    "Horizon",
    "Recipe",
    "Schedule",
    "absolute",
    "arc",
    "clip",
    "combine",
    "cosine",
    "decay",
    "excerpt",
    "from_json",
    "from_spec",
    "from_toml",
    "hold",
    "inverse_sqrt",
    "linear",
    "parse",
    "repeat",
    "reverse",
    "scale",
    "shift",
    "steps",
    "stretch",
    "to_json",
    "to_spec",
    "to_toml",
    "warmup",
]
