"""What a log calls its columns, and what they are called here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath.logs.names import renaming, step_of

KNOWN = [
    # what the libraries' own files are said to have, see the readers
    (["iter", "train_lr", "train_loss", "val_loss", "grad_norm"], "iter lr loss validation_loss grad_norm"),
    (["lr-Adam", "lr-Adam-momentum", "lr-SGD-1"], "lr lr-Adam-momentum lr/SGD-1"),
    (["lr-Adam/pg1", "lr-Adam/pg10", "lr-Adam/pg2"], "lr lr/Adam/pg10 lr/Adam/pg2"),
    (["lr/pg0", "lr/pg1"], "lr lr/pg1"),
    (["optim/learning_rate_group1", "optim/learning_rate_group0"], "lr/group1 lr"),
    (["optim/LR (group 0)", "optim/total grad norm", "train/CE loss"], "lr grad_norm loss"),
    (["learning-rate", "learning-rate vs samples", "lm loss"], "lr|learning-rate vs samples|loss"),
    (["Train/Samples/lr", "Train/Samples/train_loss"], "lr loss"),
    (["train/lrm", "train/loss"], "lr_multiplier loss"),
    (["eval_wiki_loss", "eval_code_loss"], "validation_loss validation_loss/code"),
    (["eval_wiki_loss", "eval_loss"], "validation_loss/wiki validation_loss"),
    (["lr/unet", "lr/textencoder", "loss/current", "loss/average"], "lr lr/textencoder loss loss/average"),
    (["Learning Rate", "Loss", "Epoch"], "lr loss epoch"),
    (["learning_rate", "lr"], "learning_rate lr"),
    (["base_lr", "lr"], "base_lr lr"),
    (["lr_loss", "color", "lrm_x"], "lr_loss color lrm_x"),
    (["actor/lr", "critic/lr"], "lr lr/critic"),
    (["train_loss_step", "train_loss_epoch"], "loss train_loss_epoch"),
    (["consumed_samples", "total_tokens", "loss scale"], "samples tokens loss_scale"),
]


@pytest.mark.parametrize(("names", "expected"), KNOWN)
def test_each_column_has_one_name(names: list[str], expected: str) -> None:
    told = expected.split("|") if "|" in expected else expected.split()
    assert list(renaming(names).values()) == told


@given(st.lists(st.one_of(st.sampled_from([name for names, _ in KNOWN for name in names]), st.text(max_size=12))))
def test_no_column_is_lost(names: list[str]) -> None:
    told = renaming(names)
    assert set(told) == set(names)
    assert len(set(told.values())) == len(told)


@pytest.mark.parametrize("name", ["step", "Global Step", "train/global_step", "_step", "ITER", "num-updates"])
def test_the_step_is_found(name: str) -> None:
    assert step_of(["epoch", "loss", name]) == name


def test_no_step_is_made_up() -> None:
    assert step_of(["epoch", "loss", "time"]) is None
