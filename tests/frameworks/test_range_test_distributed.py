"""The range test in two processes: the mean of their losses, one answer, one end; as one process on all of the data."""

import json
from pathlib import Path
from typing import Any

import driving_distributed
import driving_range_test as driving
import pytest
from driving import loss_of, network
from torch.optim import SGD

from glidepath.frameworks.torch import range_test


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("world")
    driving_distributed.together(Path(driving.__file__), str(folder))
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("case", driving.CASES)
def test_both_are_told_the_same_to_the_bit_and_are_as_they_were(both, case):
    first, second = (told[case] for told in both)
    assert first == second
    assert first["untouched"]
    assert isinstance(first["answer"], list)


def test_it_is_the_sweep_of_one_process_on_the_data_of_both(both):
    model, told = network(), []
    alone = range_test(
        model,
        SGD(model.parameters(), lr=1.0),
        lambda i: sum(loss_of(model, 2 * i + rank, size=driving.SIZE) for rank in range(2)) / 2,
        told=lambda _, __, loss: told.append(loss),
        **driving.STEPS,
    )
    assert list(map(float, both[0]["plain"]["told"])) == pytest.approx(told, rel=1e-4)
    assert both[0]["plain"]["answer"] == pytest.approx(
        [alone.lr, alone.low, alone.high, alone.confidence, alone.cost], rel=1e-6
    )


def test_a_loss_that_is_no_number_in_one_process_ends_the_sweep_in_both(both):
    told = both[0]["nan"]["told"]
    assert (len(told), told[-1]) == (41, "nan")
    assert both[0]["nan"]["answer"][-1] == 40
