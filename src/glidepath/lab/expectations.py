"""What a diagnosis may say of each fault: the kinds that are right, and those that follow from it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expected:
    """What may be said of a fault.

    One of `kinds` is right, `tolerated` ones follow from it. It is found in time up to a share `late` of the planned
    updates behind where it begins; `anywhere` where it has no such place. `note` where a note is enough, `quiet` where
    more than a note is a false alarm. `batch` is of one that went wrong: where the log has no gradient norm of it, it
    cannot be told from a single value that nobody felt, and a note is enough. `if_stays` are right too where the loss
    stays away behind it (a batch that broke the training looks as other data do), `if_back` where it is back within 25
    rows (other data that are learnt at once look as a spike does).
    """

    kinds: tuple[str, ...]
    tolerated: tuple[str, ...] = ()
    late: float = 0.05
    note: bool = False
    anywhere: bool = False
    quiet: bool = False
    batch: bool = False
    if_stays: tuple[str, ...] = ()
    if_back: tuple[str, ...] = ()


DAMAGE = (
    "spike",
    "divergence",
    "peak too high",
    "stall",
    "underfit",
    "overfit",
    "not finite",
    "data seam",
    "lost state",
)
BROKEN = "data seam", "divergence"
ENDED = (
    "early decay",
    "stall",
    "underfit",
    "peak too low",
    "unfinished decay",
    "other horizon",
)  # at its floor too soon
HIGH_END = ("missing decay", "late decay", "high floor", "underfit", "unfinished decay", "other horizon")  # not at it
EXPECTED: dict[str, Expected] = {
    "clean": Expected((), note=True),
    "divergence": Expected(
        ("divergence", "not finite", "peak too high"), ("spike", "short warmup", "stall", "underfit"), 0.15
    ),
    "slow divergence": Expected(("divergence",), ("spike", "overfit", "data seam", "missing decay"), 0.5),
    "peak too high": Expected(
        ("peak too high",), ("short warmup", "spike", "divergence", "missing decay"), anywhere=True
    ),
    "peak too low": Expected(("peak too low", "underfit"), note=True, anywhere=True),
    "bad batch": Expected(
        ("spike",), ("divergence", "not finite", "peak too high", "stall"), batch=True, if_stays=BROKEN
    ),
    "bad batches": Expected(
        ("spike",),
        ("divergence", "not finite", "peak too high", "data seam", "stall"),
        0.6,
        batch=True,
        if_stays=BROKEN,
    ),
    "harmless spike": Expected(("spike",), note=True, quiet=True),
    "lost state": Expected(("lost state",), ("spike", "divergence", "seam", "peak too high")),
    "data seam": Expected(("data seam",), ("spike", "divergence", "overfit", "peak too high"), if_back=("spike",)),
    "scale collapse": Expected(
        ("scale collapse",), ("stall", "spike", "divergence", "underfit", "peak too low", "not finite")
    ),
    "stall": Expected(("stall",), ("underfit", "peak too low"), 0.15),
    "short warmup": Expected(("short warmup",), ("spike", "peak too high", "divergence"), 0.12),
    "long warmup": Expected(("long warmup",), note=True, anywhere=True),
    "early decay": Expected(("early decay",), ("stall", "underfit"), note=True, anywhere=True),
    "late decay": Expected(("late decay",), ("missing decay", "peak too high"), note=True, anywhere=True),
    "missing decay": Expected(
        ("missing decay",), ("peak too high", "late decay", "divergence", "spike"), note=True, anywhere=True
    ),
    "high floor": Expected(("high floor",), ("peak too high",), note=True, anywhere=True),
    "overfit": Expected(("overfit",), anywhere=True),
    "underfit": Expected(("underfit", "peak too low"), ("missing decay",), note=True, anywhere=True),
    "slow weight decay": Expected(("slow weight decay",), note=True, anywhere=True),
    "not finite": Expected(("not finite", "divergence"), ("stall",)),
    "fast ticks": Expected(("fast ticks",), (*ENDED, "rise after end"), anywhere=True),
    "slow ticks": Expected(
        ("slow ticks",), (*HIGH_END, "long warmup", "peak not reached", "peak too low"), anywhere=True
    ),
    "epoch ticks": Expected(
        ("epoch ticks",), (*HIGH_END, "peak not reached", "peak too low", "slow ticks", "long warmup"), anywhere=True
    ),
    "zero start": Expected(("zero start",), note=True),
    "peak not reached": Expected(("peak not reached",), ("other peak", "seam"), anywhere=True),
    "rise after end": Expected(
        ("rise after end",),
        ("early decay", "other horizon", "unfinished decay", "missing decay", "spike", "divergence"),
    ),
    "negative rate": Expected(
        ("negative rate",),
        ("divergence", "spike", "other horizon", "early decay", "not finite", "overfit", "data seam", "peak too high"),
    ),
    "frozen rate": Expected(("frozen rate",), (*HIGH_END, "stall")),
    "seam": Expected(("seam",), (*DAMAGE, *HIGH_END, "short warmup", "other peak", "other horizon", "peak too low")),
    "other horizon": Expected(("other horizon", "unfinished decay", "early decay"), (*ENDED, *HIGH_END), anywhere=True),
    "unfinished decay": Expected(("unfinished decay", "other horizon"), HIGH_END, anywhere=True),
    "unscheduled group": Expected(
        ("unscheduled group",),
        ("frozen rate", "missing decay", "peak too high", "short warmup", "spike"),
        anywhere=True,
    ),
    "other peak": Expected(
        ("other peak",),
        ("peak too low", "underfit", "peak too high", "divergence", "short warmup", "spike"),
        anywhere=True,
    ),
}
