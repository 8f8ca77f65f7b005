"""A missing library is one sentence that names what to install; a broken one complains for itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from glidepath._extras import EXTRAS, require
from glidepath.errors import MissingExtra

BLOCKED = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from glidepath._extras import require
from glidepath.errors import GlidepathError, MissingExtra
try:
    require(sys.argv[2])
except MissingExtra as error:
    assert isinstance(error, (GlidepathError, ImportError))
    print(error)
"""


def without(library: str, wanted: str) -> str:
    command = [sys.executable, "-W", "error", "-c", BLOCKED, library, wanted]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("library", EXTRAS)
def test_a_missing_library_names_the_extra_that_brings_it(library: str) -> None:
    said = without(library, library)
    assert said == f"this needs {library}, which is not installed: pip install 'glidepath[{EXTRAS[library]}]'"


def test_a_missing_library_is_named_where_a_module_of_it_was_asked_for() -> None:
    assert "pip install 'glidepath[plots]'" in without("matplotlib", "matplotlib.pyplot")


def test_a_library_that_no_extra_brings_is_named_itself() -> None:
    with pytest.raises(MissingExtra, match="this needs zzz_nowhere, which is not installed: pip install zzz_nowhere"):
        require("zzz_nowhere")


def test_an_installed_library_is_imported() -> None:
    assert require("numpy.linalg") is sys.modules["numpy.linalg"]


def test_a_library_that_is_there_but_broken_complains_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_library.py").write_text("import nowhere_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nowhere_at_all") as raised:
        require("broken_library")
    assert not isinstance(raised.value, MissingExtra)


def test_a_missing_module_of_an_installed_library_is_not_told_to_install_the_library() -> None:
    with pytest.raises(ModuleNotFoundError) as raised:
        require("json.nowhere_at_all")
    assert "not installed: pip install json" not in str(raised.value)


def test_every_extra_that_is_named_is_one_of_the_package() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert set(EXTRAS.values()) <= set(project["optional-dependencies"])
