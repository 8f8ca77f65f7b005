"""One training, and how a dialect of logs tells it: its lines, and the curves that a reader must find."""

from dataclasses import dataclass, field
from math import nan

HORIZON, KILLED, RESUMED, DONE = 40, 25, 20, 30
BROKEN = 7  # the update whose loss is not a number
BEHIND = (9, 19, 29)  # updates behind which it was evaluated


def loss_of(update: int, again: bool = False) -> float:
    return nan if update == BROKEN else 5 - update / 10 - again / 100


def rate_of(update: int) -> float:
    return 1e-3 * ((update + 1) / 10 if update < 10 else (HORIZON - update) / (HORIZON - 10))


def check_of(update: int) -> float:
    return 5.25 - update / 10


def norm_of(update: int) -> float:
    return 1 + update / 100


@dataclass(frozen=True)
class Told:
    """A dialect: the module that reads it, its lines as templates, and how it writes its numbers.

    In a template {i} is the update from 0, {n} from 1, {lr} its learning rate, {next} that of the one behind it.
    """

    reader: str
    line: str
    check: str = ""
    banner: str = ""
    again: str = ""
    forms: dict[str, str] = field(default_factory=dict)
    horizon: bool = True
    nan: str = "nan"
    validation: str = "validation_loss"
    rate: str = "lr"
    updates: tuple[int, ...] = ()
    settings: dict[str, object] = field(default_factory=dict)

    def text(self) -> str:
        lines = [self.banner] if self.banner else []
        for update, again in ((i, i_again) for i_again in (False, True) for i in self.told(i_again)):
            if again and update == RESUMED and self.again:
                lines.append(self.again)
            lines.append(self._filled(self.line, update, again))
            if self.check and update in BEHIND:
                lines.append(self._filled(self.check, update, again))
        return "\n".join(lines) + "\n"

    def told(self, again: bool) -> range:
        return range(RESUMED, DONE) if again else range(KILLED)

    def written(self, name: str, value: float) -> str:
        text = format(value, self.forms.get(name, ".4f"))
        return self.nan if text.lower() == "nan" else text

    def curve(self, name: str) -> dict[int, float]:
        """What a reader must find."""
        at = {
            "loss": lambda i: (i, loss_of(i, i >= RESUMED)),
            "lr": lambda i: (i, rate_of(i)),
            "next": lambda i: (i + 1, rate_of(i + 1)),
            "norm": lambda i: (i, norm_of(i)),
        }
        if name == "check":
            return {i: float(self.written("check", check_of(i))) for i in BEHIND}
        found = dict(at[name](i) for i in range(DONE))
        if name == "next":
            del found[RESUMED]  # said of it before the kill, and then undone
        return {i: float(self.written("lr" if name == "next" else name, value)) for i, value in found.items()}

    def _filled(self, template: str, update: int, again: bool) -> str:
        values = {"loss": loss_of(update, again), "lr": rate_of(update), "next": rate_of(update + 1)}
        values |= {"norm": norm_of(update), "check": check_of(update)}
        texts = {name: self.written("lr" if name == "next" else name, value) for name, value in values.items()}
        texts |= {"i": str(update), "n": str(update + 1), "epoch": f"{(update + 1) / 10:.1f}"}
        texts |= {"tokens": str(512 * (update + 1)), "in_epoch": str(update // 10), "place": str(update % 10)}
        for name, value in texts.items():
            template = template.replace("{" + name + "}", value)
        return template
