"""What logs call their columns, and the one name that each has here.

    loss        train_loss, lm loss, train/CE loss, total_loss, ...     validation_loss   eval_loss, val/loss, ...
    lr          learning_rate, lr-Adam, lr/pg0, optim/LR (group 0)      lr/<group>        the groups behind the first
    grad_norm   gnorm, optim/total_grad_norm, l2_norm/grad/global       lr_multiplier     lrm: a factor, no rate

Letters' case, spaces, hyphens and underscores do not tell names apart. Where several columns stand for one thing, the
one named first in its list is it, and the others keep the names they have.
"""

import re
from collections.abc import Iterable, Mapping

from glidepath.runs.names import BATCH, EPOCH, LOSS, NORM, RATE, SAMPLES, SCALE, SKIPPED, TOKENS, VALIDATION

MULTIPLIER = "lr_multiplier"  # of the learning rates of the groups, as nanochat logs it

STEPS = (
    *("step", "global_step", "train/global_step", "trainer/global_step", "trainer_step", "_step"),
    *("iter", "iteration", "iterations", "iter_num", "train/step", "train/iter", "train/iteration"),
    *("update", "updates", "num_updates", "current_steps", "train_step", "steps", "batch"),
)
EPOCHS = ("epoch", "train/epoch", "trainer/epoch", "epochs")
ALIASES: Mapping[str, tuple[str, ...]] = {
    LOSS: (
        *("loss", "train_loss", "train/loss", "train_loss_step", "train/loss_step", "training_loss", "loss/train"),
        *("lm_loss", "train/lm_loss", "train/samples/train_loss", "loss/train/total"),
        *("loss_metrics/global_avg_loss", "train/crossentropyloss", "train/ce_loss", "training/loss", "trainloss"),
        *("total_loss", "train/total_loss", "step_loss", "loss_step", "loss/current", "loss/average"),
        *("epoch_loss", "train_loss_epoch", "train/loss_epoch", "loss_epoch", "train/train_loss"),
    ),
    VALIDATION: (
        *("validation_loss", "val_loss", "eval_loss", "eval/loss", "val/loss", "valid_loss", "validation/loss"),
        *("valid/loss", "validation_metrics/loss", "lm_loss_validation", "loss/validation/epoch_average"),
        *("loss/validation", "loss/val", "loss/valid", "loss/eval", "val_loss_epoch", "val/loss_epoch", "valloss"),
        *("valid_nll_loss", "eval/eval_loss", "test_loss", "test/loss"),
    ),
    NORM: (
        *("grad_norm", "train/grad_norm", "gnorm", "train/gnorm", "l2_norm/grad/global", "optim/total_grad_norm"),
        *("gradient_norm", "train/gradient_norm", "global_grad_norm", "total_grad_norm", "grad_2.0_norm_total"),
        *("norm/avg_grad_norm", "gradnorm", "norm"),
    ),
    SCALE: ("loss_scale", "train/loss_scale", "train/samples/loss_scale", "grad_scale", "scaler_scale"),
    SKIPPED: ("skipped", "skipped_steps"),
    EPOCH: EPOCHS,
    SAMPLES: ("samples", "consumed_samples", "total_samples", "samples_seen", "num_samples", "time/sample"),
    TOKENS: (
        *("tokens", "total_tokens", "consumed_tokens", "tokens_seen", "num_tokens", "time/token"),
        *("num_input_tokens_seen", "train/num_input_tokens_seen", "throughput/total_tokens", "train/num_tokens"),
    ),
    BATCH: ("batch_size", "global_batch_size", "train/batch_size"),
    MULTIPLIER: ("lr_multiplier", "lrm", "train/lrm"),
}
RATES = re.compile(
    r"(?:(?P<ahead>.*?)[/_. -])?(?:lr|learning[-_ ]?rate)(?:(?P<mark>[-_/ ])(?P<behind>.+))?", re.IGNORECASE
)
# What may stand around "lr" and names no group.
PLAIN = {"", "train", "training", "trainer", "train/samples", "optim", "optimizer", "opt", "scheduler", "epoch"}
PLAIN_BEHIND = {"step", "epoch", "mean", "avg", "current"}
NUMBERED = re.compile(r"(?:(?:param_?)?group|pg|optimizer|opt)?_?\(?(?:group_?)?\d+\)?")
NO_RATE = re.compile(r"(base|min|max|init|initial|target|peak|lower|upper)_(lr|learning_?rate)")  # behind any "/"
NO_RATE_BEHIND = re.compile(r".*(momentum|weight_decay|scale|mult|multiplier|factor|_min|_max)")
SETS = re.compile(
    r"eval_(?P<flat>.+)_loss|(?:eval|val|valid|validation)/(?P<deep>.+)/loss|eval/(?P<mixed>.+)_loss", re.IGNORECASE
)
LAST_NUMBER = re.compile(r"(\d{1,9})\D*$")


def plain(name: str) -> str:
    """A name as it is compared: in small letters, spaces and hyphens as underscores.

    >>> plain(" optim/Total grad-norm ")
    'optim/total_grad_norm'
    """
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def step_of(names: Iterable[str]) -> str | None:
    """The column that counts steps, or None.

    >>> step_of(["epoch", "Iter", "loss"])
    'Iter'
    """
    return _first(STEPS, {plain(name): name for name in reversed(list(names))})


def epoch_of(names: Iterable[str]) -> str | None:
    """The column that counts epochs, or None."""
    return _first(EPOCHS, {plain(name): name for name in reversed(list(names))})


def renaming(names: Iterable[str]) -> dict[str, str]:
    """From every name to the one that it has here, which is its own where nothing else is known; no two fall together.

    >>> renaming(["lr-Adam/pg1", "lr-Adam/pg2", "lm loss", "eval_wiki_loss", "lrm"])
    {'lr-Adam/pg1': 'lr', 'lr-Adam/pg2': 'lr/Adam/pg2', 'lm loss': 'loss', 'eval_wiki_loss': 'validation_loss', \
'lrm': 'lr_multiplier'}
    """
    own = list(dict.fromkeys(names))
    known = {plain(name): name for name in reversed(own)}
    wanted = {found: kind for kind, words in ALIASES.items() if (found := _first(words, known))}
    wanted |= _grouped(RATE, _rates(own), wanted)
    wanted |= _grouped(VALIDATION, _sets(own), wanted)
    given: dict[str, str] = {}
    for name in (*wanted, *(name for name in own if name not in wanted)):
        kind = wanted.get(name, name)
        while kind in given:
            kind = name if kind != name and name not in given else f"{kind}'"
        given[kind] = name
    back = {name: kind for kind, name in given.items()}
    return {name: back[name] for name in own}


def _first(words: Iterable[str], known: Mapping[str, str]) -> str | None:
    return next((known[word] for word in words if word in known), None)


def _grouped(kind: str, groups: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The first of the groups is the kind itself, unless something else is it."""
    free = [name for name in groups if name not in wanted]
    if kind in wanted.values() or not free:
        return {name: f"{kind}/{groups[name]}" for name in free if groups[name]}
    return {free[0]: kind, **{name: f"{kind}/{groups[name]}" for name in free[1:] if groups[name]}}


def _rates(names: Iterable[str]) -> dict[str, str]:
    """The learning rates among the names, and the group of each, "" where it names none; the first group first."""
    found = {name: group for name in names if (group := _group(name.strip())) is not None}
    return dict(sorted(found.items(), key=lambda pair: (pair[0] != RATE, bool(pair[1]), _number(pair[1]))))


def _group(name: str) -> str | None:
    parts = RATES.fullmatch(name)
    if parts is None or NO_RATE.fullmatch(plain(name.rpartition("/")[2])):
        return None
    ahead, mark, behind = (parts[word] or "" for word in ("ahead", "mark", "behind"))
    word = plain(behind)
    if NO_RATE_BEHIND.fullmatch(word) or (
        mark and mark in "_ " and not (word in PLAIN_BEHIND or NUMBERED.fullmatch(word))
    ):
        return None
    return "/".join(
        part for part, known in ((ahead, PLAIN), (behind, PLAIN_BEHIND)) if plain(part) not in known and part
    )


def _sets(names: Iterable[str]) -> dict[str, str]:
    """The losses of several validation sets, and the name of each."""
    matches = ((name, SETS.fullmatch(name.strip())) for name in names)
    return {name: next(filter(None, parts.groups())) for name, parts in matches if parts}


def _number(group: str) -> int:
    """The number at a group's end, so that pg10 comes behind pg2."""
    found = LAST_NUMBER.search(group)
    return int(found[1]) if found else 0
