"""Logs that people watch: lines of text, in which some have a known form and all others are passed over.

A Dialect lists its kinds of lines. Colours are taken off a line, and what stands before its form (a time, the name of a
logger, a rank) is no matter, because a form is searched for and not matched from the start.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter, lt
from pathlib import Path
from typing import TypeAlias

from glidepath.logs.layouts import Names, layout_of, numbers_of
from glidepath.logs.sampling import plain_lines, sampled
from glidepath.logs.tally import Tally
from glidepath.runs.curve import LAST_WHOLE
from glidepath.runs.recording import Recording

NUMBER = r"[-+]?(?:\d[\d,]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+|[nN][aA][nN]|[iI]nf(?:inity)?)"
WHOLE = r"\d[\d,]{0,18}"  # a step, thousands parted or not: no more digits than a step has
# Names of groups: the step; before that of a setting of the run; before that of what only `place` asks for.
STEP, SETTING, OWN = "step", "set_", "own_"
RANK = re.compile(r"\s*(?:\[(?:rank|default)?\d+\]:|\[\d+,\d+\]<std\w{2,4}>:?|(?:rank|worker-|node)?\d+:\s)")
MOST_BEHIND = 2  # lines by which one rank lags behind another
MOST_HEARD = 256  # lines, whose texts become numbers together while they are still near the processor
MOST_LAYOUTS = 8  # of a kind of line: a log has two or three
Texts: TypeAlias = tuple[str, ...]
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
    place: Callable[[re.Match[str]], int] | None = None
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
        listener.hear(plain_lines(path, listener.tally, [kind.mark for kind in self.kinds]))
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
    """A kind of line, and where in its pattern what stands; what it was told, as texts, until it is asked."""

    __slots__ = ("before", "interval", "kind", "layout", "layouts", "line", "names", "said", "settings", "step")

    def __init__(self, kind: Kind) -> None:
        groups = sorted((place - 1, name) for name, place in kind.pattern.groupindex.items())
        self.kind, self.said = kind, dict[Names, tuple[list[int], list[Texts]]]()
        self.step = next((place for place, name in groups if name == STEP), None)
        self.settings = [(place, name.removeprefix(SETTING)) for place, name in groups if name.startswith(SETTING)]
        columns = {place: name for place, name in groups if name != STEP and not name.startswith((SETTING, OWN))}
        self.names = tuple(columns.get(place, "") for place in range(kind.pattern.groups)) if columns else ()
        self.layout: tuple[re.Pattern[str], Names] | None = None
        self.layouts = 0
        self.deafen()

    def deafen(self) -> None:
        """Whoever spoke is gone."""
        self.line, self.before, self.interval = "", -1, 0

    def is_said_again(self, line: str, step: int) -> bool:
        """Whether another rank said it before; one that goes back far is no rank that lags, but a resume."""
        back = self.before - step
        if self.before >= 0 and 0 <= back <= MOST_BEHIND * self.interval and _speaker(line) != _speaker(self.line):
            return True
        self.interval = abs(back) or self.interval
        self.line, self.before = line, step
        return False

    def steps(self, texts: Sequence[Texts]) -> list[int]:
        """The updates that lines speak of, where each is further than the one before; else none."""
        if self.step is None or self.kind.begins or not texts:
            return []
        steps = [int(text[self.step].replace(",", "")) - self.kind.first for text in texts]
        further = self.before < steps[0] and steps[-1] <= LAST_WHOLE and all(map(lt, steps, steps[1:]))
        return steps if further else []

    def follow(self, line: str, steps: Sequence[int]) -> None:
        """The last of such lines was the one heard last."""
        self.interval = steps[-1] - (steps[-2] if len(steps) > 1 else self.before)
        self.line, self.before = line, steps[-1]

    def hear(self, places: Sequence[int], told: Sequence[re.Match[str]], texts: Sequence[Texts]) -> None:
        """What lines say, each at its place."""
        if self.names:
            self._keep(self.names, places, texts)
        if self.kind.pairs is None or self._hear_like(places, told):
            return
        for place, found in zip(places, told, strict=True):
            if not self._hear_like([place], [found]):
                self._hear_pairs(place, found.string, found.end(), self.kind.pairs)

    def _hear_like(self, places: Sequence[int], told: Sequence[re.Match[str]]) -> bool:
        """Whether all of these lines are of the layout known, and so heard."""
        if self.layout is None:
            return False
        match, names = self.layout[0].match, self.layout[1]
        alike = [like.groups() for found in told if (like := match(found.string, found.end()))]
        if len(alike) == len(told):
            self._keep(names, places, alike)
        return len(alike) == len(told)

    def _hear_pairs(self, place: int, line: str, start: int, pairs: Pairs) -> None:
        for name, text in pairs(line[start:]):
            if self.kind.wanted is None or self.kind.wanted.search(name):
                self._keep((name,), (place,), ((text,),))
        if pairs is bars and self.layouts < MOST_LAYOUTS:
            self.layout, self.layouts = layout_of(line[start:], self.kind.wanted), self.layouts + 1

    def _keep(self, names: Names, places: Sequence[int], texts: Sequence[Texts]) -> None:
        kept = self.said.get(names)
        if kept is None:
            kept = self.said[names] = [], []
        kept[0].extend(places)
        kept[1].extend(texts)

    def told(self) -> Iterator[tuple[int, str, Sequence[int], Sequence[float]]]:
        """Of each column what it was told since it was asked last, behind the first place of it."""
        for names, (places, rows) in self.said.items():
            for name, texts in zip(names, zip(*rows, strict=True), strict=True):
                if name:
                    at, values = numbers_of(places, texts)
                    if values:
                        yield at[0], name, at, values
        self.said.clear()


def _speaker(line: str) -> str:
    """What a launcher puts before the lines of a rank."""
    rank = RANK.match(line)
    return rank[0] if rank else ""


class _Listener:
    """Hears one line after the other."""

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self.tally = Tally()
        self._ears = [(kind.mark, kind.pattern.search, _Ear(kind)) for kind in kinds]
        self._step = -1  # spoken of last
        self._row = -1  # at which its block of lines begins, so that a resume undoes a block and no half of one
        self._others = 0
        self._heard = 0  # lines whose texts are still texts

    def hear(self, lines: Iterable[tuple[int, str]]) -> None:
        """All lines of a log by row; the first kind that one is of is its kind."""
        ears, rows, told = self._ears, list[int](), list[re.Match[str]]()
        last = ears[0][-1]
        for row, line in lines:
            for mark, search, ear in ears:
                if mark in line and (found := search(line)):
                    if ear is not last or len(rows) >= MOST_HEARD:
                        self._take_all(last, rows, told)
                        last, rows, told = ear, [], []
                    rows.append(row)
                    told.append(found)
                    break
        self._take_all(last, rows, told)
        self._ask()
        if self._others:
            self.tally.notes.append(f"{self._others} lines of other processes say a step again: left out")

    def _ask(self) -> None:
        """Put down what was said, columns in the order in which they came up."""
        told = [column for _, _, ear in self._ears for column in ear.told()]
        for _, name, places, values in sorted(told, key=itemgetter(0)):
            self.tally.extend(name, places, values)

    def _take_all(self, ear: _Ear, rows: Sequence[int], told: Sequence[re.Match[str]]) -> None:
        """Lines of one kind, together where each is a step further, as most are."""
        self._heard += len(rows)
        if self._heard > MOST_HEARD:
            self._ask()
            self._heard = 0
        texts = [found.groups() for found in told]
        steps = ear.steps(texts)
        if not steps or steps[0] == self._step:
            for row, found in zip(rows, told, strict=True):
                self._take(ear, found, row)
            return
        for group, name in ear.settings:
            if said := [text[group] for text in texts if text[group]]:
                self.tally.set(name, said[-1])
        self._step, self._row = steps[-1], rows[-1]
        ear.follow(told[-1].string, steps)
        ear.hear(self.tally.places(rows, steps), told, texts)

    def _take(self, ear: _Ear, found: re.Match[str], row: int) -> None:
        if ear.kind.begins:
            self._begin(row)
        texts = found.groups()
        for group, name in ear.settings:
            if texts[group]:
                self.tally.set(name, texts[group])
        step = self._placed(ear, found, texts)
        if step < 0 or ear.is_said_again(found.string, step):
            self._others += step >= 0
            return
        if step != self._step or self._row < 0:
            self._step, self._row = step, row
        place = self.tally.place(self._row, step)
        if place >= 0:
            ear.hear([place], [found], [texts])

    def _begin(self, row: int) -> None:
        self.tally.starts.append(row)
        self._row = -1
        for _, _, ear in self._ears:
            ear.deafen()

    def _placed(self, ear: _Ear, found: re.Match[str], texts: Texts) -> int:
        """The update that a line speaks of, the one above where it names none; -1 where there is none."""
        if ear.step is not None:
            return max(int(texts[ear.step].replace(",", "")) - ear.kind.first, 0)
        if ear.kind.place is not None:
            return ear.kind.place(found)
        return self._step if ear.names or ear.kind.pairs else -1
