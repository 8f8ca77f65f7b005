"""The one-line text of a recipe or a schedule: `warmup(2%) >> cosine(to=0.1)`, read without eval.

    schedule := recipe | "(" recipe ")" ".over(" horizon ["," "peak=" number] ")"
    recipe   := part (">>" part)*
    part     := word "(" [argument ("," argument)*] ")"
    argument := [name "="] (value | recipe)

A value is what stands up to the next comma or bracket, with or without quotes: `20%`, `1-sqrt`, `0.1`,
`"3 epochs"`, `absolute(1e-5)`. A part without arguments may leave its brackets out.
"""

import re
from dataclasses import dataclass
from typing import Any

from glidepath.errors import GlidepathError, SpecError
from glidepath.schedules import building
from glidepath.schedules.schedule import Recipe, Schedule
from glidepath.units import RATES, Amount, Horizon

LONGEST = 100_000  # characters; a recipe of thousands of parts, read in well under a second
SIGN_OR_WORD = r"""\s*(?:(>>)|([(),=])|"([^"]*)"|'([^']*)'|([^\s(),='">][^(),='">]*))"""


@dataclass(frozen=True, slots=True)
class Token:
    """A sign or a word, and the column (from 1) at which it stands."""

    text: str
    column: int
    sign: bool


def parse(text: str) -> Recipe | Schedule:
    """The recipe or the schedule that a text describes.

    Raises SpecError with the column and the nearest known word where it describes none.

    >>> parse("warmup(2%) >> cosine(to=0.1)")
    warmup('2%') >> cosine(to=0.1)
    >>> parse("(hold()).over(100, peak=0.1)")
    (hold()).over(100, peak=0.1)
    """
    if not isinstance(text, str):
        raise SpecError(f"expected a text such as 'warmup(2%) >> cosine(to=0.1)', got {text!r:.60}")
    if len(text) > LONGEST:
        raise SpecError(f"expected a text of at most {LONGEST} characters, got {len(text)}")
    return _Reader(text).whole()


def _tokens(text: str) -> list[Token]:
    token, tokens, position = re.compile(SIGN_OR_WORD), [], 0
    end = len(text.rstrip())
    while position < end:
        match = token.match(text, position)
        if match is None:
            column = position + len(text[position:]) - len(text[position:].lstrip()) + 1
            raise SpecError(f"column {column}: expected a word, a value or one of >> ( ) , =, got {text[column - 1]!r}")
        group = match.lastindex or 0
        tokens.append(Token(match.group(group).rstrip(), match.start(group) + 1, group <= 2))
        position = match.end()
    return tokens


class _Reader:
    """A cursor over the tokens, one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.depth = 0
        self.end = Token("the end", len(text) + 1, sign=True)
        self.next = 0

    def peek(self, ahead: int = 0) -> Token:
        index = self.next + ahead
        return self.tokens[index] if index < len(self.tokens) else self.end

    def take(self, sign: str | None = None) -> Token:
        token = self.peek()
        wanted = token.sign and token.text == sign if sign else not token.sign
        if not wanted:
            what = repr(sign) if sign else "a word or a value"
            raise SpecError(f"column {token.column}: expected {what}, got {token.text[:40]!r}")
        self.next += 1
        return token

    def at(self, sign: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.sign and token.text == sign and token is not self.end

    def whole(self) -> Recipe | Schedule:
        bracketed = self.at("(")
        if bracketed:
            self.take("(")
        recipe = self.recipe()
        value: Recipe | Schedule = recipe
        if bracketed:
            self.take(")")
            value = self.schedule(recipe)
        if self.peek() is not self.end:
            token = self.peek()
            raise SpecError(f"column {token.column}: expected '>>' or the end, got {token.text[:40]!r}")
        return value

    def recipe(self) -> Recipe:
        column = self.peek().column
        recipes = [self.part()]
        while self.at(">>"):
            self.take(">>")
            recipes.append(self.part())
        return building.joined(recipes, f"column {column}")

    def part(self) -> Recipe:
        word = self.take()
        columns: dict[str, int] = {"": word.column}
        building.known(word.text, f"column {word.column}")
        named = self.arguments(word.text, columns) if self.at("(") else {}
        return building.part(word.text, named, lambda name: f"column {columns[name]}")

    def arguments(self, word: str, columns: dict[str, int]) -> dict[str, Any]:
        known = building.names(word)
        named: dict[str, Any] = {}
        self.take("(")
        while not self.at(")"):
            if named:
                self.take(",")
            column = self.peek().column
            written = self.name()
            name = written or known[0]
            if name in named or (named and not written):
                raise SpecError(f"column {column}: expected each argument of {word} once, got {name!r} again")
            columns[name] = column
            named[name] = self.inner() if name in building.RECIPES else self.value()
        self.take(")")
        return named

    def inner(self) -> Recipe:
        if self.depth == building.DEEPEST:
            column = self.peek().column
            raise SpecError(f"column {column}: expected recipes at most {building.DEEPEST} deep, got more")
        self.depth += 1
        recipe = self.recipe()
        self.depth -= 1
        return recipe

    def name(self) -> str:
        if not self.at("=", 1):
            return ""
        name = self.take().text
        self.take("=")
        return name

    def value(self) -> str:
        """All that stands up to the next comma or bracket; `absolute(...)` may be in it."""
        text = self.take().text
        while self.at("("):
            self.take("(")
            text += f"({self.take().text})"
            self.take(")")
            if not self.peek().sign:
                text += self.take().text
        return text

    def schedule(self, recipe: Recipe) -> Recipe | Schedule:
        if self.peek() is self.end:
            return recipe
        word = self.take()
        if word.text != ".over":
            raise SpecError(f"column {word.column}: expected '.over(', got {word.text[:40]!r}")
        try:
            return self.over(recipe)
        except SpecError:
            raise
        except GlidepathError as error:
            raise SpecError(f"column {word.column}: {error}") from error

    def over(self, recipe: Recipe) -> Schedule:
        self.take("(")
        horizon, peak = self.horizon(), None
        if self.at(","):
            self.take(",")
            peak = self.named(("peak",))[1]
        self.take(")")
        return recipe.over(horizon, peak=peak)

    def horizon(self) -> str | Horizon:
        word = self.take()
        if word.text != "Horizon":
            return word.text
        self.take("(")
        amount, rates = Amount.of(self.take().text), dict[str, Any]()
        if amount.unit != "steps":
            raise SpecError(f"column {word.column}: expected whole steps in Horizon(...), got {str(amount)!r}")
        steps = int(amount.value)
        while self.at(","):
            self.take(",")
            name, rates[name] = self.named(tuple(RATES))
        self.take(")")
        return Horizon(steps, **rates)

    def named(self, known: tuple[str, ...]) -> tuple[str, Any]:
        column = self.peek().column
        name = self.name()
        if name not in known:
            raise SpecError(f"column {column}: expected one of {', '.join(known)}, got {name[:40]!r}")
        try:
            return name, self.value() if name in RATES else building.real(self.value())
        except SpecError as error:
            raise SpecError(f"column {column}: {error}") from error
