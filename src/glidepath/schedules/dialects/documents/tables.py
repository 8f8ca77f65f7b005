"""A text as a table of named values: JSON, TOML, `key: value` lines, or the options of a command line.

Nothing is run: of a shell script only the words are read, its comments and quotes, and variables that the text
itself gives one value.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from glidepath.errors import SpecError, shown

LONGEST = 10_000_000  # characters of any text, far above any that describes a schedule
MOST_LINES = 1_000_000  # characters of a command line or of `key: value` lines, read word by word
OPTION = r"""(?:^|[\s"'(=])--[A-Za-z]"""
TOML = r"""\s*(?:\[\[?\s*["'A-Za-z_][^\]\n]*\]|["'\w.-]+[ \t]*=)"""
KEY = r"[A-Za-z_][\w.-]*:(?:\s|$)"
# A comment, or a word with its quotes; the blanks between, and a line that goes on, are neither.
WORD = r"""\\\r?\n|\s+|\#[^\n]*|((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s\\])+|\\)"""
QUOTED = r""""((?:[^"\\]|\\.)*)"|'([^']*)'"""
ASSIGNED = r"([A-Za-z_]\w*)\+?=\(?(.*)"
LITERALS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None, "~": None, "": None}
LISTS = ("decay_milestones", "lr_noise", "rampup_batch_size")  # options of the libraries here that take several words


@dataclass(frozen=True, slots=True)
class Table:
    """Named values, dashes in a name as underscores, and the names that were given two different ones."""

    values: dict[str, Any]
    twice: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def table_of(text: str) -> Table | None:
    """The named values of a text, or None where it names none, as a recipe in one line.

    Raises SpecError with the place where it begins as a form that it then is not.

    >>> table_of("train.py --lr 3e-4 --min-lr=0").values
    {'lr': 0.0003, 'min_lr': 0}
    """
    start = _significant(text)
    if text.lstrip().startswith("{"):
        return Table(_json(text))
    if re.match(KEY, start):
        return Table(_lines(_bounded(text, "lines of key: value")))
    if re.search(OPTION, text):  # before TOML, because a script may begin with NAME=value
        return _options(_bounded(text, "a command line"))
    return Table(_toml(text)) if re.match(TOML, start) else None


def _significant(text: str) -> str:
    """The first line that says something, to tell a form by."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "---")))
    return next(lines, "")


def _bounded(text: str, what: str) -> str:
    if len(text) > MOST_LINES:
        raise SpecError(f"expected {what} of at most {MOST_LINES} characters, got {len(text)}")
    return text


def _json(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise SpecError(f"expected JSON, got {shown(text.strip(), 40)}: {str(error)[:200]}") from error


def _toml(text: str) -> dict[str, Any]:
    import tomllib  # here, because few read TOML and everybody would wait for it

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"expected TOML, got {shown(text.strip(), 40)}: {str(error)[:200]}") from error


def _lines(text: str) -> dict[str, Any]:
    """`key: value` lines; below a key, a list of `- value` or a table of `key: value`."""
    values: dict[str, Any] = {}
    key = ""
    for number, whole in enumerate(text.splitlines(), 1):
        line = re.sub(r"(?:^|\s)#.*", "", whole).rstrip()
        named = re.fullmatch(r"(\s*)([A-Za-z_][\w.-]*):(?:\s+(.*))?", line)
        item = re.fullmatch(r"\s*-\s+(.*)", line)
        if named and not named[1]:
            key = named[2]
            values[key] = _value(named[3] or "")
        elif item and key:
            _below(values, key, list).append(_value(item[1]))
        elif named and key:
            _below(values, key, dict)[named[2]] = _value(named[3] or "")
        elif line.strip("-. ") and not line[0].isspace():
            raise SpecError(f"line {number}: expected 'key: value', got {shown(line, 40)}: write it as JSON")
    return values


def _below(values: dict[str, Any], key: str, kind: type) -> Any:
    """The list or the table that stands below a key."""
    if not isinstance(values[key], kind):
        values[key] = kind()
    return values[key]


def _value(text: str) -> Any:
    if text.startswith("[") and text.endswith("]"):
        return [scalar(item.strip()) for item in text[1:-1].split(",") if item.strip()]
    if text[:1] in ("'", '"') and text[-1] == text[0]:
        return text[1:-1]
    return {} if text == "{}" else scalar(text)


def scalar(word: str) -> Any:
    """The number, truth value or nothing that a word is, else the word.

    >>> scalar("3e-4"), scalar("10"), scalar("null"), scalar("cosine")
    (0.0003, 10, None, 'cosine')
    """
    if word in LITERALS:
        return LITERALS[word]
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _options(text: str) -> Table:
    """The options of a command line, wherever they stand in a script."""
    given: dict[str, list[list[str]]] = {}
    variables: dict[str, set[str]] = {}
    words: list[str] = []
    for word in _words(text):
        option = re.fullmatch(r"--?([A-Za-z][\w.-]*)(?:=(.*))?", word, re.DOTALL)
        if option:
            words = [] if option[2] is None else [option[2]]
            given.setdefault(option[1].replace("-", "_"), []).append(words)
            continue
        words.append(word)
        if assigned := re.fullmatch(ASSIGNED, word, re.DOTALL):
            variables.setdefault(assigned[1], set()).add(assigned[2])
    read = {name: [_meant(name, one, variables) for one in all_of] for name, all_of in given.items()}
    twice = {name: (values[0], values[-1]) for name, values in read.items() if values[0] != values[-1]}
    return Table({name: values[-1] for name, values in read.items()}, twice)


def _words(text: str, *, inner: bool = False) -> Iterator[str]:
    """The words as a shell would have them; quotes that hold options are opened."""
    for match in re.finditer(WORD, text, re.DOTALL):
        word = match[1]
        if word is None:
            continue
        plain = re.sub(QUOTED, _unquoted, word, flags=re.DOTALL)
        assigned = re.fullmatch(ASSIGNED, plain, re.DOTALL)
        held = assigned[2] if assigned else plain
        if not inner and re.search(OPTION, held) and (assigned or plain != word):
            yield from _words(held, inner=True)
        else:
            yield plain if "(" in plain else plain.rstrip(")")


def _unquoted(quoted: re.Match[str]) -> str:
    return quoted[2] or re.sub(r"\\(.)", r"\1", quoted[1] or "", flags=re.DOTALL)


def _meant(name: str, words: list[str], variables: dict[str, set[str]]) -> Any:
    """The value of an option: true where it has none, all its words only where it takes several."""
    values = [scalar(_resolved(word, variables)) for word in words]
    return values if name in LISTS else values[0] if values else True


def _resolved(word: str, variables: dict[str, set[str]]) -> str:
    variable = re.fullmatch(r"\$(?:\{(\w+)\}|(\w+))", word)
    values = variables.get(variable[1] or variable[2], set()) if variable else set()
    return next(iter(values)) if len(values) == 1 else word
