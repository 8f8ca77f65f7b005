"""The labels of an axis's marks, side by side without overlapping."""

from collections.abc import Callable, Iterable


def apart(
    labels: Iterable[tuple[float, str]], width_of: Callable[[str], float], end: float, gap: float
) -> list[tuple[float, str]]:
    """Where each label begins, from 0 to `end`, centred on its place; two that would touch become one.

    >>> apart([(10, "2k"), (11, "3k"), (40, "80k")], len, 50, 1)
    [(7.5, '2k, 3k'), (38.5, '80k')]
    """
    groups: list[list[tuple[float, str]]] = []
    for label in sorted(labels, key=lambda label: label[0]):
        groups.append([label])
        while len(groups) > 1:
            begin, text = _begin(groups[-2], width_of, end)
            if begin + width_of(text) + gap <= _begin(groups[-1], width_of, end)[0]:
                break
            last = groups.pop()
            groups[-1] += last
    return [_begin(group, width_of, end) for group in groups]


def _begin(group: list[tuple[float, str]], width_of: Callable[[str], float], end: float) -> tuple[float, str]:
    text = ", ".join(label for _, label in group)
    middle = sum(place for place, _ in group) / len(group)
    return max(0.0, min(middle - width_of(text) / 2, end - width_of(text))), text
