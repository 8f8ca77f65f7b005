"""Groups of parameters by name: what each does otherwise than the plan, and layer-wise learning rates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any

from glidepath.errors import ScheduleError, nearest, shown
from glidepath.schedules.levels import number
from glidepath.schedules.plan_values import Value, checked
from glidepath.schedules.schedule import Schedule

MOST_GROUPS = 10_000  # far above what an optimizer can carry: each is a loop of its own in a step
LONGEST_NAME = 200  # characters; module paths stay below


@dataclass(frozen=True, slots=True, repr=False)
class Group:
    """What a group of parameters does otherwise than its plan: the learning rate times `factor` (>= 0), and more.

    `lr` is a schedule of its own in place of the plan's, which `factor` multiplies too; `momentum`, `beta1`, `beta2`
    and `weight_decay` are values of its own. What is None is the plan's. `Group(0)` is a frozen group.

    >>> Group(0.5, weight_decay=0)
    Group(0.5, weight_decay=0.0)
    """

    factor: float = 1.0
    _: KW_ONLY
    lr: Schedule | None = None
    momentum: Schedule | float | None = None
    beta1: Schedule | float | None = None
    beta2: Schedule | float | None = None
    weight_decay: Value | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name in ("factor", *OWN):
            object.__setattr__(self, name, checked(name, getattr(self, name)))

    @property
    def own(self) -> dict[str, Any]:
        """What it has of its own beside the factor, by name."""
        return {name: value for name in OWN if (value := getattr(self, name)) is not None}

    def __repr__(self) -> str:
        more = "".join(f", {name}={value!r}" for name, value in self.own.items())
        return f"Group({self.factor!r}{more})"


OWN = tuple(field.name for field in fields(Group) if field.name != "factor")


class Groups(Mapping[str, Group]):
    """Groups by name, immutable and hashable; a plain number stands for a group with that factor."""

    __slots__ = ("_named",)

    def __init__(self, groups: object) -> None:
        """Refuse what is no mapping of names to groups or factors."""
        if not isinstance(groups, Mapping) or len(groups) > MOST_GROUPS:
            raise ScheduleError(
                f'expected groups as at most {MOST_GROUPS} names with factors, {{"head": 10}}, got {shown(groups)}'
            )
        self._named = {named(name): _group(name, group) for name, group in groups.items()}

    def __getitem__(self, name: str) -> Group:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __hash__(self) -> int:
        return hash(frozenset(self._named.items()))

    def __repr__(self) -> str:
        shown_as = ", ".join(f"{n!r}: {g!r}" if g.own else f"{n!r}: {g.factor!r}" for n, g in self._named.items())
        return f"{{{shown_as}}}"


def group_of(groups: Mapping[str, Any], name: object) -> Group:
    """The group of a name (of `Groups`); raises ScheduleError with the nearest one."""
    if isinstance(name, str) and name in groups:
        group: Group = groups[name]
        return group
    hint = nearest(name[:LONGEST_NAME], groups) if isinstance(name, str) else "write its name"
    raise ScheduleError(f"expected the name of a group, got {shown(name)}: {hint}")


def named(name: object) -> str:
    """The name of a group, refused unless every format can write it."""
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ScheduleError(
            f"expected the name of a group as 1 to {LONGEST_NAME} printable characters, got {shown(name)}"
        )
    return name


def _group(name: str, group: object) -> Group:
    if isinstance(group, Group):
        return group
    return Group(number(group, f"group {shown(name)} as a Group(...), or its factor"))


def layer_decay(names: Sequence[str], rate: float) -> dict[str, float]:
    """The factors of layer-wise learning-rate decay: rate^(depth - index) for names from the input to the output.

    `rate` is above 0 and at most 1; the last name, the head, has factor 1. Merge it with others:
    `groups=layer_decay([...], 0.75) | {"head": 10}`. Howard and Ruder 2018, arXiv 1801.06146 (each layer 1/2.6 of
    the one above); Clark et al. 2020, arXiv 2003.10555 (0.8 and 0.9).

    >>> layer_decay(["embed", "block.0", "block.1", "head"], 0.5)
    {'embed': 0.125, 'block.0': 0.25, 'block.1': 0.5, 'head': 1.0}
    """
    if isinstance(names, str) or not isinstance(names, Sequence) or not 0 < len(names) <= MOST_GROUPS:
        raise ScheduleError(f"expected a list of 1 to {MOST_GROUPS} names of groups, got {shown(names)}")
    each = number(rate, "the rate of the layer decay", below=1)
    depth = len(names) - 1
    factors = {named(name): each ** (depth - index) for index, name in enumerate(names)}
    if len(factors) < len(names):
        raise ScheduleError(f"expected each group once, got {shown(list(names))}")
    if not all(factors.values()):
        raise ScheduleError(f"expected a rate whose every factor is above 0, got {rate!r} over {len(names)} groups")
    return factors
