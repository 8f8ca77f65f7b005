"""Random sizes of a run, and what a reading at them must be, for the tests of the dialects."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects

GOLDEN = Path(__file__).parents[3] / "shared" / "reference" / "peers_golden.json"
PAST = 4  # the horizon and three more
EXACT, FLOAT32, LAST_BITS = 1e-12, 1e-6, 1e-15
Formula = Callable[[int], float]
Case = tuple[str, str, dict[str, Any], Formula]  # library, name, configuration, what it is
anything = st.one_of(
    *(st.none(), st.booleans(), st.integers(-3, 40), st.integers(0, 10**30), st.floats(), st.text(max_size=5)),
    *(st.just([]), st.just([1]), st.just({}), st.just({"name": "cosine"}), st.just([[3, {"name": "linear"}]])),
)


@dataclass(frozen=True)
class Sizes:
    """W + flat + down make up the total; `low` and `first` are shares of the peak."""

    warm: int
    flat: int
    down: int
    peak: float
    low: float
    first: float
    power: float

    @property
    def total(self) -> int:
        return self.warm + self.flat + self.down


sizes = st.builds(
    Sizes,
    warm=st.integers(1, 20),
    flat=st.integers(0, 20),
    down=st.integers(1, 30),
    peak=st.floats(0.01, 3),
    low=st.floats(0, 0.9),
    first=st.floats(0, 0.9),
    power=st.floats(0.3, 3),
)


def wave(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share))


def check(
    library: str, name: str, config: dict[str, Any], formula: Formula, total: int, base: float, exact: float = EXACT
) -> None:
    """The faithful reading is the formula three horizons past the end; the mended one stays within its peak."""
    steps = range(PAST * total)
    faithful = dialects.read(library, name, config, base_lr=base, horizon=total, faithful=True).schedule
    theirs = np.array([formula(step) for step in steps])
    np.testing.assert_allclose(faithful(steps), theirs, rtol=exact, atol=exact * max(1.0, np.abs(theirs).max()))
    mended = dialects.read(library, name, config, base_lr=base, horizon=total).schedule
    values = mended(steps)
    assert (values >= 0).all()
    assert (values <= mended.peak * (1 + LAST_BITS)).all()


def spoil(data: st.DataObject, case: Case, base: float) -> None:
    """A configuration with anything in one of its fields, or without it, is read or refused in a sentence."""
    library, name, config, _ = case
    field = data.draw(st.sampled_from(sorted(config)))
    spoiled = {key: value for key, value in config.items() if key != field}
    if data.draw(st.booleans()):
        spoiled[field] = data.draw(anything)
    complaint, values = "", np.zeros(0)
    try:
        reading = dialects.read(library, name, spoiled, base_lr=base, horizon=50, faithful=data.draw(st.booleans()))
        values = reading.schedule(range(200))
    except GlidepathError as error:
        complaint = str(error)
    assert "expected" in complaint or values.size
    assert "\n" not in complaint
    assert np.isfinite(values).all()


def records(libraries: dict[str, str]) -> list[Any]:
    """The values that these peers gave, of one schedule with a configuration each."""
    if not GOLDEN.exists():
        return []
    return [r for r in json.loads(GOLDEN.read_text())["records"] if r["peer"] in libraries]
