"""`import glidepath` is light, and every name that it offers is explained."""

import inspect
import json
import subprocess
import sys
import types

import pytest

import glidepath

LOADED = """
import json, sys
before = set(sys.modules)
import glidepath
glidepath.parse("(warmup(2%) >> cosine()).over(100, peak=0.1)")([0, 1])
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_import_and_use_load_numpy_and_the_standard_library_alone() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", LOADED], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) <= {*sys.stdlib_module_names, "numpy", "glidepath"}


def test_importing_glidepath_imports_no_framework() -> None:
    code = "import glidepath, sys; print([name for name in sys.argv[1:] if name in sys.modules])"
    names = ["torch", "jax", "optax", "matplotlib", "plotly", "rich", "click", "scipy", "pandas", "glidepath.plots"]
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", glidepath.__all__)
def test_every_public_name_is_there_and_explained(name: str) -> None:
    value = getattr(glidepath, name)
    assert isinstance(value, type | types.FunctionType)
    assert value.__doc__
    assert not value.__doc__.startswith(f"{name}(")  # what a dataclass writes for itself


@pytest.mark.parametrize("name", glidepath.__all__)
def test_every_public_method_is_explained(name: str) -> None:
    value = getattr(glidepath, name)
    methods = inspect.getmembers(value, inspect.isroutine) if isinstance(value, type) else []
    own = [member for called, member in methods if not called.startswith("_") and called in vars(value)]
    assert all(inspect.getdoc(member) for member in own)


def test_the_public_names_are_sorted_and_once() -> None:
    assert sorted(set(glidepath.__all__)) == glidepath.__all__
