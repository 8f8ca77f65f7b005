"""The tree of errors: one root, a ValueError too, drawn as it is."""

import inspect
import re

import pytest

import glidepath
from glidepath import errors
from glidepath.errors import GlidepathError, nearest

ALL = [error for _, error in inspect.getmembers(errors, inspect.isclass) if issubclass(error, Exception)]


@pytest.mark.parametrize("error", ALL)
def test_every_error_is_a_glidepath_error_and_a_value_error(error: type[Exception]) -> None:
    assert issubclass(error, GlidepathError)
    with pytest.raises(ValueError, match="a sentence"):
        raise error("a sentence")


@pytest.mark.parametrize("error", ALL)
def test_every_error_says_what_it_is(error: type[Exception]) -> None:
    assert error.__doc__


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = set(re.findall(r"^\s+[│ ]*(?:├──|└──) (\w+)", errors.__doc__ or "", flags=re.MULTILINE))
    assert drawn == {error.__name__ for error in ALL} - {"GlidepathError"}


def test_a_conflict_is_a_checkpoint_error_and_a_missing_extra_an_import_error() -> None:
    assert issubclass(errors.ResumeConflict, errors.CheckpointError)
    assert issubclass(errors.MissingExtra, ImportError)


def test_one_except_catches_what_a_user_meets() -> None:
    with pytest.raises(glidepath.GlidepathError, match="did you mean 'cosine'"):
        glidepath.parse("cosin()")


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("cosin", "did you mean 'cosine'? (known: cosine, linear)"),
        ("zzz", "(known: cosine, linear)"),
        ("", "(known: cosine, linear)"),
    ],
)
def test_a_complaint_ends_with_the_nearest_known_word(word: str, end: str) -> None:
    assert nearest(word, ["cosine", "linear"]) == end
