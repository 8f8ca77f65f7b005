"""The torch door: `attach` drives an optimizer by a schedule; `probe` and `range_test` look for its peak.

`cut` makes a policy for its `watch`; `measure_noise` reads the gradient noise scale of a training; `read_scheduler`
finds the schedule that a scheduler of torch is.
"""

from glidepath.frameworks.torch.attaching import attach
from glidepath.frameworks.torch.clock import Scheduler
from glidepath.frameworks.torch.noise_scale import measure_noise
from glidepath.frameworks.torch.probing import probe
from glidepath.frameworks.torch.range_test import range_test
from glidepath.frameworks.torch.reading import read_scheduler
from glidepath.frameworks.torch.several import Schedulers
from glidepath.frameworks.watching import cut

__all__ = ["Scheduler", "Schedulers", "attach", "cut", "measure_noise", "probe", "range_test", "read_scheduler"]
