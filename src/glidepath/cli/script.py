"""A training from the user's own script: SCRIPT:FUNCTION called, and what goes wrong there in a sentence.

The script is run because its user names it, as Python itself would: with its folder to import from.
"""

import inspect
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module, util
from os import sep
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any

import glidepath
from glidepath._extras import require
from glidepath.errors import GlidepathError, LabError, nearest, shown
from glidepath.schedules.schedule import Schedule

PARTS = ("model", "optimizer", "loss", "loader", "validation")  # of what a function returns; the last may be left out
RETURNED = "(model, optimizer, loss, loader), a dict of these, or train(schedule, steps, seed)"
MOST = 120  # characters of an error's own words, and of where it was
OURS = str(Path(glidepath.__file__).parent) + sep
OTHERS = (
    OURS,
    sysconfig.get_path("stdlib") + sep,
    "<",
)  # how files begin that are not the user's own; "<": there is none
LIBRARIES = {"site-packages", "dist-packages"}  # folders of such files


@dataclass(frozen=True, slots=True)
class Workload:
    """A torch model and what trains it: `loss(batch)` of what the loader gives, or `loss(i)` without one."""

    model: Any
    optimizer: Any
    loss: Callable[[Any], Any]
    loader: Iterable[Any] | None = None
    validation: Callable[[], Any] | None = None

    def __call__(self, batch: Any) -> Any:
        """The loss of a batch; raises LabError where it is no scalar tensor."""
        found = self.loss(batch)
        if isinstance(found, require("torch").Tensor) and found.numel() == 1:
            return found
        raise LabError(f"expected loss(batch) to return a scalar tensor, got {shown(found)}")


@dataclass(frozen=True, slots=True)
class Training:
    """`train(schedule, steps, seed)`, which gives the losses, or these and a validation loss."""

    train: Callable[[Schedule, int, int], Any]

    def __call__(self, schedule: Schedule, steps: int, seed: int) -> tuple[list[float], float] | list[float]:
        """The losses as floats in a list, whatever held them; raises LabError for what are none."""
        found = self.train(schedule, steps, seed)
        try:
            if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], Iterable):
                return [float(loss) for loss in found[0]], float(found[1])
            losses = [float(loss) for loss in found]
        except (TypeError, ValueError, RuntimeError, OverflowError):  # RuntimeError: a tensor of many, as torch says it
            losses = []
        if losses:
            return losses
        raise LabError(f"expected train to return losses, or (losses, validation loss), got {shown(found)}")


def loaded(target: str) -> Workload | Training:
    """What the function of SCRIPT:FUNCTION returns; raises LabError where that is no training, and what it raises."""
    script, _, name = target.rpartition(":")
    if not (script and name.isidentifier()):
        raise LabError(f"expected SCRIPT:FUNCTION, got {shown(target)}: write train.py:build, or package.module:build")
    value = _function(_module(script), target, name)()
    if isinstance(value, (tuple, list)) and len(PARTS) - 1 <= len(value) <= len(PARTS):
        return _of_parts(target, dict(zip(PARTS, value, strict=False)))
    if isinstance(value, Mapping):
        return _of_parts(target, value)
    if callable(value) and _takes(value, 3) and not _is_model(value):
        return Training(value)
    raise LabError(f"expected {target} to return {RETURNED}, got {shown(value)}")


@contextmanager
def blamed(target: str) -> Iterator[None]:
    """What a script raises, in the block, as a LabError of one sentence that says where; our own go through."""
    try:
        yield
    except GlidepathError:
        raise
    except (Exception, SystemExit) as error:
        files = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
        if isinstance(error, SyntaxError) and error.filename:
            files.append((error.filename, error.lineno or 1))
        own = [f" in {file}, line {line}" for file, line in files if _is_own(file)]
        if not own and (isinstance(error, OSError) or files[-1][0].startswith(OURS)):
            raise
        at = own[-1][-MOST:] if own else ""
        words = str(error)
        if "Traceback" in words:  # of a loader's worker: the last line says it
            words = words.strip().splitlines()[-1]
        message = " ".join(words.split())[:MOST]
        raise LabError(f"expected {target} to train, got {type(error).__name__}{at}: {message}") from error


def _is_own(file: str) -> bool:
    return not file.startswith(OTHERS) and not LIBRARIES.intersection(Path(file).parts)


def _module(script: str) -> ModuleType:
    """The module of a path that ends in .py, or of a dotted name."""
    path = Path(script)
    if path.suffix == ".py" and path.is_file():
        return _file(path)
    if path.suffix != ".py" and all(word.isidentifier() for word in script.split(".")):
        sys.path.insert(0, str(Path.cwd()))
        try:
            return import_module(script)
        except ModuleNotFoundError as error:
            if not f"{script}.".startswith(f"{error.name}."):
                raise  # a module that it imports
    raise LabError(f"expected a script that is there, got {shown(script)}: write its path, or package.module")


def _file(path: Path) -> ModuleType:
    """A module of its own, under the name that its file has, where no other has it."""
    sys.path.insert(0, str(path.resolve().parent))
    name = f"{path.stem}_script" if path.stem in sys.modules else path.stem
    spec = util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LabError(f"expected a script that Python can load, got {shown(str(path))}")
    module = sys.modules[name] = util.module_from_spec(spec)  # there, so that what it defines is found by name
    spec.loader.exec_module(module)
    return module


def _function(module: ModuleType, target: str, name: str) -> Callable[[], Any]:
    known = [word for word, one in vars(module).items() if inspect.isfunction(one) and not word.startswith("_")]
    function: object = vars(module).get(name)
    if not callable(function):
        raise LabError(f"expected a function for {target}, got {shown(function)}: {nearest(name, known)}")
    if not _takes(function, 0):
        raise LabError(f"expected {target} without arguments, got one that wants some: it returns {RETURNED}")
    return function


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether it can be called with so many arguments; one that does not say is tried."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _is_model(value: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _of_parts(target: str, parts: Mapping[str, Any]) -> Workload:
    for name in parts:
        if name not in PARTS:
            raise LabError(f"expected {target} to return {RETURNED}, got {shown(name)}: {nearest(str(name), PARTS)}")
    for name in PARTS[:3]:
        if name not in parts:
            raise LabError(f"expected {target} to return {RETURNED}, got no {name}")
    torch = require("torch")
    kinds: dict[str, tuple[Any, str]] = {
        "model": (torch.nn.Module, "a torch.nn.Module"),
        "optimizer": (torch.optim.Optimizer, "a torch.optim.Optimizer"),
        "loss": (Callable, "a function of a batch"),
        "loader": (Iterable | None, "a loader, or None where loss(i) makes batch number i"),
        "validation": (Callable | None, "a function without arguments"),
    }
    for name, value in parts.items():
        kind, words = kinds[name]
        if not isinstance(value, kind):
            raise LabError(f"expected {name}, which {target} returns, as {words}, got {shown(value)}")
    return Workload(**parts)
