"""The probe on a torch model leaves model, optimizer, scaler and random numbers as they were, and says its cost."""

import math

import pytest
import torch
from driving import loss_of, network
from driving_torch_probe import CENTRE, SCHEDULE, noisy_loss, plain_loss, prepared, run, trace, with_everything
from torch.optim import SGD, Adam, AdamW

import glidepath as gp
from glidepath.errors import FinderError
from glidepath.frameworks.torch import attach
from glidepath.frameworks.torch.probing import probe

# ---- What it leaves behind. ----


OPTIMIZERS = {
    "AdamW": (AdamW, {}),
    "AdamW fused": (AdamW, {"fused": True}),
    "Adam amsgrad": (Adam, {"amsgrad": True, "foreach": False}),
    "SGD momentum": (SGD, {"momentum": 0.9, "nesterov": True}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("centre", [None, CENTRE])
def test_no_trace_is_left(name, centre):
    make, how = OPTIMIZERS[name]
    model = with_everything()
    optimizer = prepared(model, make, **how)
    before = trace(model, optimizer)
    run(model, optimizer, noisy_loss(model), centre=centre, clip=1.0)
    assert trace(model, optimizer) == before


def test_a_fresh_optimizer_stays_fresh():
    model = with_everything()
    optimizer = AdamW(model.parameters())
    before = trace(model, optimizer)
    assert run(model, optimizer, noisy_loss(model)) is not None
    assert trace(model, optimizer) == before
    assert not optimizer.state


def test_a_refusal_leaves_no_trace():
    model = with_everything()
    optimizer = prepared(model)
    before = trace(model, optimizer)
    with pytest.raises(FinderError):
        probe(model, optimizer, lambda i: 0 * loss_of(model, i) + torch.rand(()), SCHEDULE, centre=CENTRE, quiet=True)
    assert trace(model, optimizer) == before


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("place", "where"), [("loss", 0), ("loss", 45), ("backward", 25), ("told", 1), ("validation", 1)]
)
def test_what_breaks_off_leaves_no_trace(error, place, where):
    model = with_everything()
    optimizer, scaler = prepared(model), torch.amp.GradScaler("cpu", init_scale=8.0)
    attach(optimizer, SCHEDULE)
    loss, calls = noisy_loss(model), {"loss": 0, "backward": 0, "told": 0, "validation": 0}

    def reached(here: str) -> None:
        calls[here] += 1
        if here == place and calls[here] > where:
            raise error

    def breaking(batch: int) -> torch.Tensor:
        reached("loss")
        value = loss(batch)
        value.register_hook(lambda _: reached("backward"))
        return value

    def validation() -> torch.Tensor:
        model.eval()
        reached("validation")
        return loss_of(model, 10_000)

    before = trace(model, optimizer, vars(scaler))
    with pytest.raises(error):
        probe(
            model,
            optimizer,
            breaking,
            SCHEDULE,
            validation=validation,
            scaler=scaler,
            told=lambda *_: reached("told"),
            quiet=True,
        )
    assert trace(model, optimizer, vars(scaler)) == before


def test_the_training_that_follows_is_the_one_without_a_probe():
    runs = []
    for probed in (False, True):
        model = network()
        optimizer = AdamW(model.parameters(), lr=1.0)
        scheduler, losses = attach(optimizer, SCHEDULE), []
        for batch in range(6):
            if probed and batch in (0, 3):
                run(model, optimizer, plain_loss(model))
            loss = loss_of(model, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        runs.append((losses, scheduler.last_epoch, [p.tolist() for p in model.parameters()]))
    assert runs[0] == runs[1]


def test_a_scheduler_attached_changes_no_answer_and_does_not_count():
    found = []
    for attached in (False, True):
        model = network()
        optimizer = AdamW(model.parameters(), lr=1.0)
        scheduler = attach(optimizer, SCHEDULE) if attached else None
        found.append(run(model, optimizer, plain_loss(model), centre=None))
        assert scheduler is None or scheduler.last_epoch == 0
    assert found[0] is not None
    assert found[0] == found[1]


# ---- What it says and refuses. ----


def test_the_cost_is_said_before_it_starts_and_quiet_is_quiet(capsys):
    model, heard = network(), []

    def loss(batch: int) -> torch.Tensor:
        heard.append(capsys.readouterr().err)
        return loss_of(model, batch, size=64)

    run(model, AdamW(model.parameters()), loss, quiet=False)
    assert heard[0].startswith("probe: at most 160 updates")
    assert heard[0].count("\n") == 1
    assert set(heard[1:]) == {""}
    run(model, AdamW(model.parameters()), plain_loss(model))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "wrong",
    [
        *({"centre": centre} for centre in (0.0, -1.0, math.nan, "x")),
        *({"budget": budget} for budget in (0.01, -1, math.inf, "x")),
        *({"accumulation": count} for count in (0, 1.5, "2")),
        {"epochs": -1.0},
        *({"batches": batches} for batches in (iter([1, 2]), 3, [])),
        {"loss": lambda _: 1.0},
        {"loss": lambda _: torch.ones(3)},
        {"loss": lambda _: None},
        {"validation": lambda: "x"},
        {"validation": lambda: torch.ones(3)},
    ],
    ids=lambda wrong: str(wrong).partition(" at 0x")[0][:40],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(wrong, complaint):
    model = with_everything()
    optimizer = prepared(model)
    before = trace(model, optimizer)
    how = {"centre": CENTRE, "quiet": True, **wrong}
    complaint(probe, model, optimizer, how.pop("loss", lambda _: loss_of(model, 0)), SCHEDULE, **how)
    assert trace(model, optimizer) == before


def test_a_horizon_that_is_too_short_is_refused_before_a_single_update(complaint):
    model, seen = network(), []
    short = gp.cosine().over(100, peak=1.0)
    complaint(probe, model, AdamW(model.parameters()), seen.append, short, centre=CENTRE, quiet=True)
    complaint(probe, model, AdamW(model.parameters()), seen.append, short, quiet=True)
    assert seen == []
