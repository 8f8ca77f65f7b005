import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import plotly.graph_objects
import pytest
from pictures import HOSTILE, figures, one

from glidepath.errors import GlidepathError
from glidepath.plots.charts import chart
from glidepath.plots.figure import Mark
from glidepath.plots.page import Picture, Table, Text, write_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Reader(HTMLParser):
    """The tags of a page with their attributes, its texts, and its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        inside = self.scripts if self.tags and self.tags[-1][0] == "script" else self.texts
        inside.append(data)


def page(tmp_path, *blocks, title="A page") -> str:
    return write_page(tmp_path / "page.html", title=title, blocks=blocks).read_text(encoding="utf-8")


def blocks():
    return [
        Text("Words", ["one", "two"]),
        Table("Numbers", ["name", "loss"], [["a", "3.2"], ["b", "1e-3"]], "a note"),
        *(Picture(figure, f"What {name} shows.") for name, figure in figures().items()),
    ]


def test_the_page_needs_nothing_from_outside(tmp_path):
    text = page(tmp_path, *blocks())
    for tag, attributes in Reader(text).tags:
        assert tag not in ("link", "iframe", "img", "base", "object")
        assert not {"src", "href", "srcset"} & set(attributes)
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert not re.search(r"url\(\s*['\"]?http", text[: text.index("plotly.js v")])


def test_plotly_is_inside_once_and_only_where_needed(tmp_path):
    assert page(tmp_path, *blocks()).count("* plotly.js v") == 1
    assert len(page(tmp_path, Text("Only words"))) < 10_000


def test_hostile_text_stays_text(tmp_path):
    marked = one([0, 1], [0, 1], marks=(Mark(1, HOSTILE),))
    table = Table(HOSTILE, [HOSTILE], [[HOSTILE]], HOSTILE)
    text = page(
        tmp_path,
        Text(HOSTILE, [HOSTILE]),
        table,
        Picture(figures()["hostile"], HOSTILE),
        Picture(marked, HOSTILE),
        title=HOSTILE,
    )
    assert "<script>alert" not in text
    reader = Reader(text)
    assert sum(tag == "script" for tag, _ in reader.tags) == 4  # two of data, Plotly, ours
    assert all(tag != "b" for tag, _ in reader.tags)
    data = re.findall(r'json" id="data-\d+">(.*?)</script>', text, re.DOTALL)
    assert len(data) == 2
    for script in data:
        assert not re.search("[<>&\u2028\u2029]", script)
        json.loads(script)


def test_texts_and_tables_are_there(tmp_path):
    text = page(tmp_path, *blocks()[:2])
    for words in ("<h1>A page</h1>", "<h2>Words</h2>", "<p>two</p>", '<td class="number">1e-3</td>', "<td>a</td>"):
        assert words in text
    assert '<p class="note">a note</p>' in text


def test_every_picture_is_told_in_words(tmp_path):
    reader = Reader(page(tmp_path, *blocks()))
    charts = [attributes for _, attributes in reader.tags if attributes.get("class") == "chart"]
    assert len(charts) == len(figures())
    for attributes, name in zip(charts, figures(), strict=True):
        assert attributes["role"] == "img"
        assert f"What {name} shows." in attributes["aria-label"]
        assert f"What {name} shows." in reader.texts


@pytest.mark.parametrize("name", figures())
def test_every_chart_is_one_that_plotly_knows(name):
    made = chart(figures()[name])
    json.dumps(made, allow_nan=False)
    known = plotly.graph_objects.Figure(made).to_plotly_json()
    assert len(known["data"]) == len(made["data"])


def test_panels_of_one_axis_zoom_together_and_gaps_stay():
    made = chart(figures()["comparison"])
    assert {trace["xaxis"] for trace in made["data"]} == {"x"}
    assert {trace["yaxis"] for trace in made["data"]} == {"y", "y2"}
    assert made["layout"]["hovermode"] == "x unified"
    assert None in made["data"][3]["y"]
    assert chart(figures()["log"])["layout"]["xaxis"]["type"] == "log"


def test_a_long_curve_keeps_its_spike():
    y = [0.0] * 1_000_000
    y[123_456] = 9.0
    trace = chart(one(range(1_000_000), y))["data"][0]
    assert len(trace["x"]) <= 8_000
    assert 9.0 in trace["y"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Text("heading", "one text"), "as a list of texts"),
        (lambda: Table("t", ["a", "b"], [["1"]]), "expected 2 cells in row 0 of 't', got 1"),
        (lambda: Table("t", "ab", []), "as a list of texts"),
    ],
)
def test_what_cannot_be_a_block_is_refused(make, words):
    with pytest.raises(GlidepathError, match=words):
        make()


def test_another_block_is_refused(tmp_path):
    with pytest.raises(GlidepathError, match="a Text, a Table or a Picture"):
        page(tmp_path, "words")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to open the page with")
def test_a_browser_draws_every_chart(tmp_path):
    page(tmp_path, *blocks())
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    more = "--disable-component-update --disable-sync --virtual-time-budget=20000 --dump-dom"
    command = [CHROMIUM, *flags.split(), *more.split(), f"--user-data-dir={tmp_path / 'profile'}"]
    dom = subprocess.run(
        [*command, f"file://{tmp_path / 'page.html'}"], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    assert f'data-drawn="{len(figures())}"' in dom
    assert 'data-title="Zoom"' in dom
    assert 'data-title="Share' not in dom
