"""Where the batches of a range test come from, what it says before and meanwhile, and what it refuses."""

import io
import sys
from contextlib import suppress

import pytest
import torch
from driving import loss_of, network
from torch.optim import AdamW
from torch.utils.data import DataLoader

from glidepath.errors import FinderError
from glidepath.frameworks import sweeping
from glidepath.frameworks.torch import range_test

STEPS = {"low": 1e-3, "high": 1.0, "steps": 40}


def run(*what: object, **how: object) -> None:
    """A range test, whatever it answers."""
    with suppress(FinderError):
        range_test(*what, **{"quiet": True, **STEPS, **how})


# ---- Where the batches come from. ----


class Positioned:
    """A loader that knows its position, and goes on from it."""

    def __init__(self, count: int) -> None:
        self.count, self.position = count, 0

    def __iter__(self):
        while self.position < self.count:
            self.position += 1
            yield self.position
        self.position = 0

    def state_dict(self):
        return {"position": self.position}

    def load_state_dict(self, state):
        self.position = state["position"]


def taken(batches, **how):
    model, seen = network(), []
    run(model, AdamW(model.parameters()), lambda batch: seen.append(batch) or loss_of(model, 0), batches=batches, **how)
    return seen


def test_a_list_is_gone_through_again_and_again():
    assert taken([1, 2, 3])[:7] == [1, 2, 3, 1, 2, 3, 1]


def test_a_loader_with_a_position_is_put_back_to_it():
    loader = Positioned(10)
    training = iter(loader)
    assert [next(training) for _ in range(4)] == [1, 2, 3, 4]
    assert taken(loader)[:8] == [5, 6, 7, 8, 9, 10, 1, 2]
    assert next(training) == 5


def test_workers_that_persist_go_on_for_the_training():
    # Spawned, because a fork of a process in which JAX was imported may hang.
    context = {"num_workers": 1, "persistent_workers": True, "multiprocessing_context": "spawn"}
    loader = DataLoader(list(range(12)), batch_size=1, **context)
    training = iter(loader)
    first = [int(next(training)) for _ in range(3)]
    assert len(taken(loader, steps=20)) == 20
    assert first + [int(batch) for batch in training] == list(range(12))


@pytest.mark.parametrize("batches", [iter([1, 2]), (n for n in range(3)), 3, [], DataLoader([])])
def test_batches_that_cannot_be_put_back_or_are_none_are_refused(batches):
    model = network()
    with pytest.raises(FinderError, match="expected batches"):
        range_test(model, AdamW(model.parameters()), lambda _: loss_of(model, 0), batches=batches, quiet=True)


# ---- What it says. ----


def test_the_cost_is_said_before_it_starts(capsys):
    model, heard = network(), []

    def loss(index):
        heard.append(capsys.readouterr().err)
        return loss_of(model, index)

    run(model, AdamW(model.parameters()), loss, quiet=False)
    assert heard[0] == "range test: at most 40 updates; nothing of them stays\n"
    assert set(heard[1:]) == {""}
    run(model, AdamW(model.parameters()), loss, quiet=False, seeds=3, accumulation=2)
    words = "range test: at most 120 updates, 40 for each of 3 seeds, each of 2 micro-batches; nothing of them stays\n"
    assert words in heard


def test_quiet_is_quiet(capsys):
    model = network()
    run(model, AdamW(model.parameters()), lambda index: loss_of(model, index))
    assert capsys.readouterr() == ("", "")


def test_a_bar_moves_where_a_person_waits(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sweeping, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    model = network()
    run(model, AdamW(model.parameters()), lambda index: loss_of(model, index), quiet=False)
    assert "range test" in terminal.getvalue().split("\n", 1)[1]


WRONG = [
    {"seeds": 0},
    {"seeds": True},
    {"seeds": 1.0},
    {"seeds": 10**9},
    {"accumulation": 0},
    {"accumulation": "2"},
    {"shape": "cosine"},
    {"stop": 0.5},
    {"steps": 10**9},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_cannot_be_is_refused_in_one_sentence(wrong):
    model = network()
    with pytest.raises(FinderError, match="expected") as refusal:
        range_test(model, AdamW(model.parameters()), lambda index: loss_of(model, index), **wrong)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("loss", [None, 1.0, "x", torch.ones(3)])
def test_a_loss_that_is_no_scalar_tensor_is_refused(loss):
    model = network()
    with pytest.raises(FinderError, match="scalar tensor"):
        range_test(model, AdamW(model.parameters()), lambda _: loss, quiet=True)
