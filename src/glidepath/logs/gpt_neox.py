"""What GPT-NeoX prints, a Megatron that begins its line with the samples per second and runs on DeepSpeed.

samples/sec: 12.345 | iteration 100/ 143000 | elapsed time per iteration (ms): 1.0 | learning rate: 3.000E-04 |
  approx flops per GPU: 1.0TFLOPS | lm_loss: 3.123456E+00 | loss scale: 65536.0 |
  number of skipped iterations: 0 | number of nan iterations: 0 |                                  (in one line)
"""

from pathlib import Path

from glidepath.logs.megatron import dialect, skips_summed
from glidepath.runs.recording import Recording

NAME = "GPT-NeoX stdout"
DIALECT = dialect(NAME, "| iteration ", r"\| ")
recognises = DIALECT.recognises


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    return {"": skips_summed(DIALECT, DIALECT.tally(path), path)}
