"""What llm.c writes to main.log, which counts from 0, and prints, where step 1 is the first.

s:100 trl:4.1234 lr:0.000600 norm:1.23          s:250 tel:4.0123          s:250 eval:0.2512
step  100/19560 | loss 4.123456 (+0.12z)| norm 1.2345 (-0.10z)| lr 6.00e-04 | 123.45 ms | 50.1% bf16 MFU | ...
val loss 4.012345
"""

import re

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind, named

NAME = "llm.c main.log"
DIALECT = Dialect(
    NAME,
    (
        Kind(
            "trl:",
            re.compile(
                rf"\bs:(?P<step>{WHOLE}) trl:{named('loss')}(?: lr:{named('lr')})?(?: norm:{named('grad_norm')})?"
            ),
            first=0,
        ),
        Kind("tel:", re.compile(rf"\bs:(?P<step>{WHOLE}) tel:(?P<validation_loss>{NUMBER})")),
        Kind("eval:", re.compile(rf"\bs:(?P<step>{WHOLE}) eval:(?P<hellaswag>{NUMBER})")),
        Kind(
            "| norm ",
            re.compile(
                rf"\bstep +(?P<step>{WHOLE})/(?P<set_horizon>{WHOLE}) \| loss (?P<loss>{NUMBER}) \([^)]{{1,20}}\)"
                rf" ?\| norm (?P<grad_norm>{NUMBER}) \([^)]{{1,20}}\) ?\| lr (?P<lr>{NUMBER}) \|"
            ),
        ),
        Kind("val loss ", re.compile(rf"^val loss (?P<validation_loss>{NUMBER})"), names=False),
        Kind(
            "total_batch_size",
            re.compile(rf"total_batch_size ?= ?(?P<set_tokens_per_step>{WHOLE})"),
            names=False,
        ),
    ),
    notes=(
        "steps counted from 0, as in main.log: step 100 of what is printed is update 99",
        "an evaluation at step N came before update N: it is placed behind update N - 1",
    ),
)
recognises, read = DIALECT.recognises, DIALECT.read
