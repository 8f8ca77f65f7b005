"""`glidepath report`: one page or picture of runs, their ranking, and the schedule card."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import glidepath as gp
from glidepath.runs.journal import Journal
from glidepath.schedules.spec import to_spec

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Run at the end of a page: waits until it is drawn, points at a finding, and tells what happened in the page's title.
PROBE = """<script>
const told = {errors: [], refused: [], hovered: ""};
addEventListener("error", (event) => told.errors.push(event.message));
addEventListener("securitypolicyviolation", (event) => told.refused.push(event.blockedURI));
const look = () => {
  if (!document.body.dataset.drawn) { setTimeout(look, 50); return; }
  const chart = [...document.querySelectorAll(".chart")].find((one) => one.layout.shapes.some((s) => s.type == "rect"));
  const span = chart.layout.shapes.find((shape) => shape.type == "rect");
  Plotly.Fx.hover(chart, {xval: (span.x0 + span.x1) / 2}, ["xy"]);
  setTimeout(() => {
    told.hovered = chart.querySelector(".hoverlayer").textContent;
    told.requests = performance.getEntriesByType("resource").length;
    told.shapes = chart.querySelectorAll(".shapelayer path").length;
    document.body.dataset.told = JSON.stringify(told);
  }, 500);
};
look();
</script>"""


def texts(path: Path) -> str:
    """What the page says, without its scripts."""
    page = path.read_text(encoding="utf-8")
    return re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)


def test_a_run_becomes_a_page_with_its_findings(desk, logs, tmp_path):
    answer = desk("report", logs / "diverged.csv", "-o", tmp_path / "r.html", "--json")
    assert answer.returncode == 1
    assert answer.json["files"] == [str(tmp_path / "r.html")]
    page = texts(tmp_path / "r.html")
    assert "Findings, worst first" in page
    for one in answer.json["runs"][0]["findings"]:
        assert f"<td>{one['kind']}</td>" in page
        assert f"{one['sure']:.0%}" in page
    assert "The schedule that ran: (warmup(" in page


def test_a_clean_run_is_a_page_that_says_so(desk, logs, tmp_path):
    assert desk("report", logs / "clean.csv", "-o", tmp_path / "r.html").returncode == 0
    assert "The schedule that ran: (warmup(" in texts(tmp_path / "r.html")


def test_runs_that_can_be_ranked_are(desk, logs, tmp_path):
    shutil.copy(logs / "clean.csv", logs / "again.csv")
    answer = desk("report", logs / "clean.csv", logs / "again.csv", "-o", tmp_path / "r.html", "--json").json
    assert [sorted(group) for group in answer["comparison"]["groups"]] == [["again.csv", "clean.csv"]]
    assert answer["comparison"]["reasons"] == []
    assert "Ranked by the last loss" in texts(tmp_path / "r.html")
    assert "Not ranked" not in texts(tmp_path / "r.html")


def test_runs_that_cannot_be_compared_are_marked_with_the_reason(desk, logs, tmp_path):
    answer = desk("report", logs, "-o", tmp_path / "r.html", "--json").json
    comparison = answer["comparison"]
    assert len(comparison["groups"]) > 1
    assert any("mid-decay" in reason["why"] or "annealed" in reason["why"] for reason in comparison["reasons"])
    page = texts(tmp_path / "r.html")
    assert "Not ranked with one another" in page
    assert "cut.csv (group 2)" in page


def test_runs_are_compared_on_tokens_where_those_are_known(desk, logs, tmp_path):
    for name, tokens in (("one", 512), ("two", 1_024)):
        source = np.genfromtxt(logs / "clean.csv", delimiter=",", names=True)
        rows = "\n".join(f"{int(s)},{x:.6g},{r:.6g},{int(s) * tokens}" for s, x, r in source)
        (tmp_path / f"{name}.csv").write_text(f"step,loss,lr,tokens\n{rows}\n")
    paths = tmp_path / "one.csv", tmp_path / "two.csv"
    answer = desk("report", *paths, "--on", "tokens", "-o", tmp_path / "r.html", "--json").json
    assert answer["comparison"]["clock"] == "tokens"
    rates = "--on", "tokens", "--tokens-per-step", 512
    told = desk("report", logs / "clean.csv", logs / "cut.csv", *rates, "-o", tmp_path / "r.html", "--json").json
    assert told["comparison"]["clock"] == "tokens"
    refused = desk("report", logs / "clean.csv", logs / "cut.csv", "--on", "tokens", "-o", tmp_path / "s.html")
    assert refused.returncode == 2
    assert "tokens_per_step" in refused.stderr
    assert not (tmp_path / "s.html").exists()


@pytest.mark.parametrize("name", ["r.png", "r.svg"])
def test_a_picture_for_a_paper(desk, logs, tmp_path, name):
    assert desk("report", logs / "diverged.csv", "-o", tmp_path / name).returncode == 1
    assert desk("report", logs, "-o", tmp_path / f"all-{name}").returncode == 1
    if name.endswith("png"):
        assert len(imread(tmp_path / name)) > len(imread(tmp_path / f"all-{name}"))
    else:
        assert "divergence" in (tmp_path / name).read_text()


def test_two_logs_of_one_name_are_told_apart_by_their_folders(desk, logs, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(logs / "clean.csv", tmp_path / folder / "log.csv")
    paths = tmp_path / "a" / "log.csv", tmp_path / "b" / "log.csv"
    answer = desk("report", *paths, "-o", tmp_path / "r.html", "--json").json
    assert [run["run"] for run in answer["runs"]] == ["log.csv", str(paths[1])]
    twice = desk("report", paths[0], paths[0], paths[0], "-o", tmp_path / "r.html")
    assert (twice.returncode, "every run once" in twice.stderr) == (2, True)


@pytest.mark.parametrize("out", ["r.pdf", "nowhere/r.html", "r"])
def test_what_cannot_be_written_is_refused_before_anything_is_read(desk, tmp_path, out):
    answer = desk("report", tmp_path / "not-there.csv", "-o", tmp_path / out)
    assert answer.returncode == 2
    assert "ending in" in answer.stderr or "a folder that is there" in answer.stderr


def test_the_card_of_a_journal_has_the_schedule_its_hash_and_its_amendments(desk, tmp_path):
    schedule = (gp.warmup("10%") >> gp.linear()).over(300, peak=0.1)
    with Journal(tmp_path / "journal.jsonl", settings={"spec": to_spec(schedule)}) as journal:
        for step in range(200):
            journal.write({"step": step, "lr": schedule(step), "loss": 3.0 / (step + 1) ** 0.2})
    with Journal(tmp_path / "journal.jsonl", segment=200) as journal:
        for step in range(200, 300):
            journal.write({"step": step, "lr": schedule(step), "loss": 3.0 / (step + 1) ** 0.2})
    desk("report", tmp_path / "journal.jsonl", "-o", tmp_path / "r.html", "--card", tmp_path / "card.md")
    card = (tmp_path / "card.md").read_text()
    plain = json.dumps(to_spec(schedule), sort_keys=True, separators=(",", ":"))
    assert f"`{hashlib.sha256(plain.encode()).hexdigest()}`" in card
    assert f"| schedule | `{schedule}` |" in card
    assert "| known | planned, and kept to at every step of the log |" in card
    assert "| peak | 0.1, first at step 30 |" in card
    assert "300 steps, 100% of its decay done" in card
    assert "| resumed | at 200 |" in card


def test_the_card_of_another_log_has_what_was_recovered(desk, logs, tmp_path):
    desk("report", logs / "cut.csv", "-o", tmp_path / "r.html", "--card", tmp_path / "card.md")
    card = (tmp_path / "card.md").read_text()
    assert "| known | recovered from the learning rates of the log |" in card
    assert "of the peak, at most |" in card
    assert re.search(r"^- (wrong|suspect): ", card, re.MULTILINE)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to open the page with")
def test_a_browser_draws_every_run_marks_its_findings_and_asks_for_nothing(desk, logs, tmp_path):
    desk("report", logs, "-o", tmp_path / "r.html")
    page = tmp_path / "r.html"
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    more = "--disable-component-update --disable-sync --virtual-time-budget=20000 --dump-dom --enable-logging=stderr"
    command = [CHROMIUM, *flags.split(), *more.split(), f"--user-data-dir={tmp_path / 'profile'}", f"file://{page}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert 'data-drawn="4"' in done.stdout
    told = json.loads(re.search(r'data-told="(.*?)"', done.stdout).group(1).replace("&quot;", '"'))
    assert (told["errors"], told["refused"], told["requests"]) == ([], [], 0)
    assert "CONSOLE" not in done.stderr
    assert told["shapes"] >= 2
    assert "Try: " in told["hovered"]


def test_runs_that_were_appended_to_one_log_are_one_or_kept_apart(desk, logs, tmp_path):
    lines = (logs / "cut.csv").read_text().splitlines()
    (tmp_path / "log.csv").write_text("\n".join([*lines, *lines[1:]]) + "\n")
    one = desk("report", tmp_path / "log.csv", "-o", tmp_path / "r.html", "--json").json
    assert [run["segments"] for run in one["runs"]] == [[0, 0]]
    two = desk("report", tmp_path / "log.csv", "--apart", "-o", tmp_path / "r.html", "--json").json
    assert [run["run"] for run in two["runs"]] == ["log.csv#1", "log.csv#2"]


def test_no_name_breaks_the_card(desk, logs, tmp_path):
    path = logs / "a|b`<i>.csv"
    (logs / "clean.csv").rename(path)
    desk("report", path, "-o", tmp_path / "r.html", "--card", tmp_path / "card.md")
    assert (tmp_path / "card.md").read_text().startswith("## Learning-rate schedule of a\\|b`&lt;i>.csv\n")
