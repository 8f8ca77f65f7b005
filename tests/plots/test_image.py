import re

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest
from pictures import figures, one

from glidepath.errors import GlidepathError
from glidepath.plots.figure import Figure, Panel, Series
from glidepath.plots.image import save
from glidepath.plots.palette import ink


def pixels(path) -> np.ndarray:
    """The picture's red, green and blue, (height, width, 3), from 0 to 1."""
    return matplotlib.image.imread(path)[:, :, :3]


def hue(place: int) -> np.ndarray:
    return np.array([int(ink(place).hex[at : at + 2], 16) / 255 for at in (1, 3, 5)])


def of(picture: np.ndarray, place: int) -> np.ndarray:
    """Where the picture has the colour of the name at `place`."""
    return np.abs(picture - hue(place)).max(axis=2) < 0.02


@pytest.mark.parametrize("name", figures())
def test_every_figure_becomes_a_png_that_is_not_blank(name, tmp_path):
    path = save(figures()[name], tmp_path / "figure.png")
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert pixels(path).shape == (800, 1440, 3)
    assert pixels(path).std() > 0.01
    assert [file.name for file in tmp_path.iterdir()] == ["figure.png"]


@pytest.mark.parametrize("name", figures())
def test_every_figure_becomes_an_svg(name, tmp_path):
    text = save(figures()[name], tmp_path / "figure.svg").read_text()
    assert text.startswith("<?xml")
    assert "<path" in text
    assert "<script" not in text


@pytest.mark.parametrize("size", [(2.0, 2.0), (4.0, 12.0), (20.0, 2.0)])
@pytest.mark.parametrize("name", ["long names", "many", "schedule"])
def test_an_odd_size_is_kept(name, size, tmp_path):
    picture = pixels(save(figures()[name], tmp_path / "figure.png", size=size))
    assert picture.shape == (size[1] * 160, size[0] * 160, 3)


def test_a_rising_line_rises_in_its_own_colour(tmp_path):
    picture = of(pixels(save(one(np.arange(100), np.arange(100)), tmp_path / "a.png")), 0)
    rows, across = np.nonzero(picture)
    middles = [rows[across == column].mean() for column in np.unique(across)[5:-5]]
    assert len(middles) > 1_000
    assert (np.diff(middles) <= 0.5).all()


def test_one_name_has_one_colour_in_every_panel(tmp_path):
    x = np.arange(10)
    top = Panel((Series("a", x, x), Series("b", x, -x)), "step", "up")
    picture = pixels(save(Figure("", (top, Panel((Series("b", x, x),), "step", "down"))), tmp_path / "a.png"))
    below = picture[picture.shape[0] // 2 + 40 :]
    assert of(picture, 0).any()
    assert of(below, 1).any()
    assert not of(below, 0).any()


def test_a_mark_is_a_dashed_line_above_its_step(tmp_path):
    marked, plain = figures()["schedule"], figures()["very long"]
    assert marked.panels[0].marks[1].x == 80_000
    assert save(marked, tmp_path / "a.svg").read_text().count("stroke-dasharray") == 2
    assert save(plain, tmp_path / "b.svg").read_text().count("stroke-dasharray") == 1


def test_no_global_setting_changes(tmp_path):
    before = dict(mpl.rcParams)
    save(figures()["comparison"], tmp_path / "a.png")
    assert dict(mpl.rcParams) == before


def test_ticks_are_written_as_everywhere(tmp_path):
    text = save(figures()["schedule"], tmp_path / "a.svg").read_text()
    labels = re.findall(r"<!-- (.*?) -->", text)
    assert {"3e-4", "100k", "2k", "80k", "step", "learning rate"} <= set(labels)


@pytest.mark.parametrize(("name", "words"), [("a.pdf", "ending in .png or .svg"), ("a", "got 'a'")])
def test_another_suffix_is_refused(name, words, tmp_path):
    with pytest.raises(GlidepathError, match=words):
        save(figures()["schedule"], tmp_path / name)


def test_another_size_is_refused(tmp_path):
    with pytest.raises(GlidepathError, match="2 to 60 inches"):
        save(figures()["schedule"], tmp_path / "a.png", size=(1.0, float("nan")))


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(GlidepathError, match="No such file"):
        save(figures()["schedule"], tmp_path / "none" / "a.png")


def test_an_older_picture_is_replaced(tmp_path):
    path = tmp_path / "a.PNG"
    path.write_text("old")
    save(figures()["schedule"], path)
    assert path.read_bytes().startswith(b"\x89PNG")
