"""Configurations of other libraries, against the values that those libraries gave when they ran."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects

GOLDEN = Path(__file__).parents[3] / "shared" / "reference" / "peers_golden.json"
FLOAT32 = ("optax", "keras")
# Rules that read the loss; `read_rule` has them.
RULES = ("ReduceLROnPlateau", "reduce_on_plateau")


def golden() -> list[Any]:
    """The records whose schedule is one class with a config; the others are calls of several, written out."""
    if not GOLDEN.exists():
        return []
    return [r for r in json.loads(GOLDEN.read_text())["records"] if not set(r["schedule"]) & set("( ")]


def test_the_golden_values_are_there():
    if not GOLDEN.exists():
        pytest.skip("the values that the peers gave are not beside this checkout")
    assert len(golden()) > 90
    assert {record["peer"] for record in golden()} > {"torch", "paddle", "composer", "mmengine", "OLMo-core"}


@pytest.mark.parametrize("record", golden(), ids=lambda r: f"{r['peer']}-{r['schedule']}")
def test_values_are_those_that_the_library_gave(record):
    library, name, config = record["peer"], record["schedule"], record["config"]
    values = [(step, value) for step, value in enumerate(record["values"]) if isinstance(value, float | int)]
    steps, rates = (np.array(column) for column in zip(*values, strict=True))
    if name in RULES:
        with pytest.raises(GlidepathError, match="read_rule"):
            dialects.read(library, name, config)
        return
    reading = dialects.read(
        library, name, config, base_lr=record["base_lr"], horizon=len(record["values"]), faithful=True
    )
    tolerance = 1e-6 if library in FLOAT32 else 1e-12
    np.testing.assert_allclose(reading.schedule(steps), rates, rtol=0, atol=tolerance)
