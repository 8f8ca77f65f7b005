"""Batch size and learning rate together: rules, coupled rescaling, the noise scale, ramps."""

from glidepath.batch.facts import Fact
from glidepath.batch.noise_scale import NoiseReading, NoiseScale
from glidepath.batch.ramp import Ramp
from glidepath.batch.ramps import batch_warmup, constant_batch, seesaw
from glidepath.batch.rescaling import Rescaled, rescale
from glidepath.batch.rules import RULES, Rule, lr_factor, rule_of
from glidepath.batch.setup import Setup
from glidepath.batch.three_point import Checked, check_three, three_points

__all__ = [
    "RULES",
    "Checked",
    "Fact",
    "NoiseReading",
    "NoiseScale",
    "Ramp",
    "Rescaled",
    "Rule",
    "Setup",
    "batch_warmup",
    "check_three",
    "constant_batch",
    "lr_factor",
    "rescale",
    "rule_of",
    "seesaw",
    "three_points",
]
