"""What torchtune's DiskLogger writes: names and values by step, from 1, in no fixed order.

Step 100 | loss:1.234 lr:3e-05 tokens_per_second_per_gpu:1234.5 grad_norm:0.51
Step 100 | val_loss:1.31
"""

import re
from collections.abc import Iterator

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind

NAME = "torchtune DiskLogger"
PAIR = re.compile(rf"(?<!\S)(?P<name>[A-Za-z_][\w./-]{{0,80}}):(?P<value>{NUMBER})(?!\S)")


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    yield from PAIR.findall(text)


DIALECT = Dialect(
    NAME,
    (
        Kind(
            "Step ",
            re.compile(rf"\bStep (?P<step>{WHOLE}) \| (?=[A-Za-z_][\w./-]{{0,80}}:{NUMBER}(?:\s|$))"),
            pairs=_pairs,
            wanted=re.compile("loss|lr|norm|reward"),
        ),
    ),
    notes=(
        "steps counted from 0: the log's step 100 is update 99",
        "the learning rate of a line is that of the next update, and is placed there",
    ),
    later=("lr",),
)
recognises, read = DIALECT.recognises, DIALECT.read
