"""What OLMo and OLMo-core print: a line that names the step, and the metrics indented below it.

[step=100/739328,epoch=0]                        [step=100/739328,epoch=1,eta=1:02:03]
    optim/total_grad_norm=0.5123                     optim/total grad norm=0.512
    train/CrossEntropyLoss=3.123                     train/CE loss=3.123
    throughput/total_tokens=419,430,400              optim/LR (group 0)=0.0003
"""

import re
from collections.abc import Iterator

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind

NAME = "OLMo stdout"
METRIC = re.compile(r"^(?:.{0,120}?\s)??\s{2,}(?=(?:train|optim|eval|throughput/total)[/_])")
LOSS_OF_A_SET = re.compile(r"^(eval/.+)/(?:CrossEntropyLoss|CE loss)$")
PAIR = re.compile(rf"^(?P<name>[^=]{{1,120}})=(?P<value>{NUMBER})\s*$")


def _pair(text: str) -> Iterator[tuple[str, str]]:
    if found := PAIR.match(text):
        yield LOSS_OF_A_SET.sub(r"\1/loss", found["name"]), found["value"]


DIALECT = Dialect(
    NAME,
    (
        Kind(
            "[step=",
            re.compile(rf"\[step=(?P<step>{WHOLE})/(?:(?P<set_horizon>{WHOLE})|\?\?\?),epoch=(?P<epoch>\d{{1,9}})"),
        ),
        Kind("/", METRIC, pairs=_pair, names=False),
        Kind("Loading checkpoint from", re.compile("Loading checkpoint from "), begins=True, names=False),
    ),
    notes=(
        "steps counted from 0: the log's step 100 is update 99",
        "OLMo rounds what it prints to four digits, a learning rate too, where it prints one",
    ),
)
recognises, read = DIALECT.recognises, DIALECT.read
