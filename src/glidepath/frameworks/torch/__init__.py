"""The torch door: `attach` drives an optimizer by a schedule, `range_test` looks for its peak."""

from glidepath.frameworks.torch.clock import Scheduler, attach
from glidepath.frameworks.torch.range_test import range_test

__all__ = ["Scheduler", "attach", "range_test"]
