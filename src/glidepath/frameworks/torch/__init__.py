"""The torch door: `attach` drives an optimizer by a schedule, `range_test` looks for its peak.

`read_scheduler` finds the schedule that a scheduler of torch is.
"""

from glidepath.frameworks.torch.attaching import attach
from glidepath.frameworks.torch.clock import Scheduler
from glidepath.frameworks.torch.range_test import range_test
from glidepath.frameworks.torch.reading import read_scheduler
from glidepath.frameworks.torch.several import Schedulers

__all__ = ["Scheduler", "Schedulers", "attach", "range_test", "read_scheduler"]
