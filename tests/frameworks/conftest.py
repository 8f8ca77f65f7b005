"""The tests of this room share driving.py, which pytest's importlib mode does not put on the path."""

import os
import re
import runpy
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

# Before JAX is imported: equal programs are compiled once, or most of the time would go into compiling each one anew.
COMPILED = tempfile.TemporaryDirectory()
os.environ |= {
    "JAX_COMPILATION_CACHE_DIR": COMPILED.name,
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread: faster than two on models this small, and sums come in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def run_page(tmp_path, monkeypatch):
    """Runs the python blocks of a page of the documentation in an empty folder, and follows its links."""

    def run(name):
        page = Path(__file__).parents[2] / "docs" / name
        (tmp_path / "page.py").write_text("\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)))
        monkeypatch.chdir(tmp_path)
        runpy.run_path("page.py")
        missing = [one for one in re.findall(r"\]\(([^)#]+)\)", page.read_text()) if not (page.parent / one).exists()]
        assert not missing

    return run
