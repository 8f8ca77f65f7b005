"""Every exception that Glidepath raises on purpose.

    GlidepathError (a ValueError)
    ├── AmountError        an amount or a horizon that cannot be read or placed: "3 epochs" without a rate
    ├── ScheduleError      a part, a recipe or a schedule that cannot be: a negative peak, parts too long
    ├── SpecError          a spec or a text that does not describe one: an unknown word, a missing field
    ├── CheckpointError    a checkpoint that is not ours, or not whole
    │   └── ResumeConflict a checkpoint of another schedule than the one in the code
    ├── JournalError       a journal or another record of a run that cannot be read or written
    │   └── LogError       a log of another program that cannot be read, or that no reader knows
    ├── DiagnosisError     a question that a run cannot answer: too few points, no learning rate
    ├── FinderError        a range test or a probe that cannot be laid out, or carries no answer
    ├── BatchError         a batch size that cannot be changed so, or a noise scale that the data cannot carry
    ├── AdviceError        a task that cannot be advised on
    ├── AttachError        an optimizer that a schedule cannot drive
    ├── DivergedError      a training that a watch was asked to stop
    ├── LabError           a workload that cannot be built or gone on with: a text too short, other settings
    └── MissingExtra       (also an ImportError) an optional library that is not installed

One root, so that `except GlidepathError` is enough; a ValueError too, so that code which knows nothing of
Glidepath catches it. Each message is one sentence: what was expected, what came, where, what to write.
"""

from collections.abc import Iterable


class GlidepathError(ValueError):
    """The root of every error that Glidepath raises on purpose."""


class AmountError(GlidepathError):
    """An amount or a horizon that cannot be read, or that the horizon cannot place."""


class ScheduleError(GlidepathError):
    """A part, a recipe or a schedule that cannot be."""


class SpecError(GlidepathError):
    """A spec or a text that does not describe a recipe or a schedule."""


class CheckpointError(GlidepathError):
    """A checkpoint that Glidepath did not write, or that is not whole."""


class ResumeConflict(CheckpointError):  # noqa: N818 - a conflict is for the user to settle, not a mishap
    """A checkpoint of another schedule than the one that the code asks for."""


class JournalError(GlidepathError):
    """A journal that cannot be read or written."""


class LogError(JournalError):
    """A log of another program that cannot be read, or that no reader knows."""


class DiagnosisError(GlidepathError):
    """A question that a run cannot answer."""


class FinderError(GlidepathError):
    """A range test or a probe that cannot be laid out, or whose losses carry no answer."""


class BatchError(GlidepathError):
    """A batch size that cannot be changed so, or a noise scale that the data cannot carry."""


class AdviceError(GlidepathError):
    """A task that cannot be advised on."""


class AttachError(GlidepathError):
    """An optimizer that a schedule cannot drive."""


class DivergedError(GlidepathError):
    """A training that went wrong under a watch that was asked to stop it."""


class LabError(GlidepathError):
    """A workload that cannot be built, or gone on with."""


class MissingExtra(GlidepathError, ImportError):  # noqa: N818 - reads as what it is
    """An optional library that is not installed."""


def shown(value: object, most: int = 60) -> str:
    """What came, cut short; whatever it is, also where Python itself cannot write it.

    >>> shown("x" * 100, 5), shown([1, 2])
    ("'xxxx", '[1, 2]')
    """
    try:
        return repr(value[:most] if isinstance(value, (str, bytes)) else value)[:most].replace("\n", " ")
    except (ValueError, RecursionError):  # a number of thousands of digits, a list in lists in lists
        return f"a {type(value).__name__} too large to show"


MOST_NAMED = 30  # known words in a complaint: what still fits into some lines


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a complaint about an unknown word: the nearest known one, and all of them.

    >>> nearest("cosin", ["cosine", "linear"])
    "did you mean 'cosine'? (known: cosine, linear)"
    """
    from difflib import get_close_matches  # here, because only a complaint waits for it

    names = list(known)
    close = get_close_matches(word, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{hint}(known: {', '.join(names[:MOST_NAMED])}{more})"
