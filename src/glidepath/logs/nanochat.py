"""What nanochat prints: the loss (its moving average) and the multiplier of the learning rates by step, from 0.

step 00010/21400 (0.05%) | loss: 9.123456 | lrm: 1.00 | dt: 512.34ms | tok/sec: 1,023,456 | bf16_mfu: 45.67 | ...
Step 00250 | Validation bpb: 0.987654
"""

import re

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind

NAME = "nanochat stdout"
DIALECT = Dialect(
    NAME,
    (
        Kind(
            "| lrm:",
            re.compile(
                rf"\bstep (?P<step>{WHOLE})/(?P<set_horizon>{WHOLE}) \([\d.]+%\) \| loss: (?P<loss>{NUMBER}) "
                rf"\| (?:grad norm: (?P<grad_norm>{NUMBER}) \| )?lrm: (?P<lr_multiplier>{NUMBER}) \|"
            ),
            first=0,
        ),
        Kind(
            "Validation bpb:", re.compile(rf"\bStep (?P<step>{WHOLE}) \| Validation bpb: (?P<validation_bpb>{NUMBER})")
        ),
        Kind(
            "Total batch size",
            re.compile(rf"Total batch size (?P<set_tokens_per_step>{WHOLE}) => gradient accumulation"),
            names=False,
        ),
        Kind("Resuming ", re.compile(r"Resuming (?:training|optimization) from"), begins=True, names=False),
    ),
    notes=(
        "lrm multiplies the learning rates of the groups, in two digits: 1 is the peak",
        "an evaluation at step N came before update N: it is placed behind update N - 1; bits per byte are no nats",
    ),
)
recognises, read = DIALECT.recognises, DIALECT.read
