"""Logs that people watch: lines of text, in which some have a known form and all others are passed over.

A Dialect lists its kinds of lines. Colours are taken off a line, and what stands before its form (a time, the name of a
logger, a rank) is no matter, because a form is searched for and not matched from the start.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from glidepath.logs.sampling import LONGEST, plain_lines, sampled
from glidepath.logs.tally import Tally, spelled
from glidepath.runs.recording import Recording

NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+|[nN][aA][nN]|[iI]nf(?:inity)?)"
WHOLE = r"\d[\d,]{0,18}"  # a step, thousands parted or not: no more digits than a step has
# Names of groups: the step; before that of a setting of the run; before that of what only `place` asks for.
STEP, SETTING, OWN = "step", "set_", "own_"
RANK = re.compile(r"\s*(?:\[(?:rank|default)?\d+\]:|\[\d+,\d+\]<std\w{2,4}>:?|(?:rank|worker-|node)?\d+:\s)")
MOST_BEHIND = 2  # lines by which one rank lags behind another
Pairs = Callable[[str], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of line: `mark` is in each (looked for first, because that is cheap), `pattern` says the rest by name.

    Groups are "step", columns by their names, settings as "set_<name>", and "own_<name>" for `place` alone. A line
    without a step speaks of the one above it. `first` is the number that the log gives to the first update; `pairs`
    reads names and values from what is behind the form, `wanted` says which. `begins`: a process begins here.
    """

    mark: str
    pattern: re.Pattern[str]
    first: int = 1
    pairs: Pairs | None = None
    wanted: re.Pattern[str] | None = None
    place: Callable[[dict[str, str]], int] | None = None
    begins: bool = False
    names: bool = True  # whether a file with such a line is a log of the dialect


@dataclass(frozen=True, slots=True)
class Dialect:
    """A form of log: its kinds of lines, what to say of it, and the columns that belong to the next update."""

    name: str
    kinds: tuple[Kind, ...]
    notes: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    clock: str = "steps"

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether a line of the file's start, middle or end has a form of the dialect."""
        return any(
            kind.pattern.search(line) for kind in self.kinds if kind.names for line in sampled(path, head, kind.mark)
        )

    def read(self, path: Path) -> dict[str, Recording]:
        """The one run of a log, without a name."""
        return {"": self.recording(self.tally(path), path)}

    def tally(self, path: Path) -> Tally:
        """What its lines say, as they say it."""
        listener = _Listener(self.kinds)
        for row, line in plain_lines(path, listener.tally, [kind.mark for kind in self.kinds]):
            listener.hear(row, line)
        listener.end()
        return listener.tally

    def recording(self, tally: Tally, path: Path) -> Recording:
        """That, as a recording."""
        return tally.recording(path, self.name, notes=self.notes, later=self.later, clock=self.clock)


def bars(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of "name: value" between bars.

    >>> list(bars(" 100/ 5000 | lm loss: 3.1E+00 | loss scale: 1.0 |"))
    [('lm loss', '3.1E+00'), ('loss scale', '1.0')]
    """
    for part in text.split("|"):
        name, colon, value = part.rpartition(":")
        if colon:
            yield name.strip(), value.strip()


def named(name: str, form: str = NUMBER) -> str:
    """A group of a pattern, a number where nothing else is said.

    >>> re.search(f"loss {named('loss')}", "loss 2.5").groupdict()
    {'loss': '2.5'}
    """
    return f"(?P<{name}>{form})"


class _Ear:
    """A kind of line, and where in its pattern what stands."""

    __slots__ = ("before", "columns", "interval", "kind", "mark", "search", "settings", "speaker", "step", "wanted")

    def __init__(self, kind: Kind) -> None:
        groups = sorted((place - 1, name) for name, place in kind.pattern.groupindex.items())
        self.kind, self.mark, self.search = kind, kind.mark, kind.pattern.search
        self.step = next((place for place, name in groups if name == STEP), None)
        self.settings = [(place, name.removeprefix(SETTING)) for place, name in groups if name.startswith(SETTING)]
        self.columns = [(place, name) for place, name in groups if name != STEP and not name.startswith((SETTING, OWN))]
        self.wanted: dict[str, bool] = {}
        self.deafen()

    def deafen(self) -> None:
        """Whoever spoke is gone."""
        self.speaker, self.before, self.interval = "", -1, 0

    def is_wanted(self, name: str) -> bool:
        """Whether a name of a pair is to be a column."""
        known = self.wanted.get(name)
        if known is None:
            known = self.kind.wanted is None or bool(self.kind.wanted.search(name))
            if len(self.wanted) < LONGEST:
                self.wanted[name] = known
        return known

    def is_said_again(self, line: str, step: int) -> bool:
        """Whether another rank said it before; one that goes back far is no rank that lags, but a resume."""
        rank = RANK.match(line)
        speaker = rank[0] if rank else ""
        if speaker != self.speaker and self.before >= 0 and 0 <= self.before - step <= MOST_BEHIND * self.interval:
            return True
        self.interval = abs(step - self.before) or self.interval
        self.speaker, self.before = speaker, step
        return False


class _Listener:
    """Hears one line after the other."""

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self.tally = Tally()
        self._ears = [_Ear(kind) for kind in kinds]
        self._step = -1  # spoken of last
        self._row = -1  # at which its block of lines begins, so that a resume undoes a block and no half of one
        self._others = 0

    def hear(self, row: int, line: str) -> None:
        """The first kind that a line is of is its kind."""
        for ear in self._ears:
            if ear.mark in line and (found := ear.search(line)):
                if ear.kind.begins:
                    self._begin(row)
                self._take(ear, found, row)
                return

    def end(self) -> None:
        """What is to be said of the whole."""
        if self._others:
            self.tally.notes.append(f"{self._others} lines of other processes say a step again: left out")

    def _begin(self, row: int) -> None:
        self.tally.starts.append(row)
        self._row = -1
        for ear in self._ears:
            ear.deafen()

    def _take(self, ear: _Ear, found: re.Match[str], row: int) -> None:
        texts = found.groups()
        for place, name in ear.settings:
            if texts[place]:
                self.tally.set(name, texts[place])
        step = self._placed(ear, found, texts)
        if step < 0 or ear.is_said_again(found.string, step):
            self._others += step >= 0
            return
        if step != self._step or self._row < 0:
            self._step, self._row = step, row
        values = [(name, spelled(texts[place])) for place, name in ear.columns if texts[place]]
        if ear.kind.pairs is not None:
            pairs = ear.kind.pairs(found.string[found.end() :])
            values += [(name, spelled(text)) for name, text in pairs if ear.is_wanted(name)]
        self.tally.add(self._row, step, values)

    def _placed(self, ear: _Ear, found: re.Match[str], texts: tuple[str, ...]) -> int:
        """The update that a line speaks of, the one above where it names none; -1 where there is none."""
        if ear.kind.place is not None:
            return ear.kind.place(found.groupdict())
        if ear.step is None:
            return self._step if ear.columns or ear.kind.pairs else -1
        return max(int(texts[ear.step].replace(",", "")) - ear.kind.first, 0)
