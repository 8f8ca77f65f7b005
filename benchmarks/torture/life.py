"""One life of a run: segments in worlds of their own, killed and gone on with, and every learning rate looked at."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from random import Random
from typing import Any

import choosing
import training
from choosing import Asked
from reference import Curve, changed, fits, going_on, planned, rises

from glidepath.runs.journal import read_journal
from glidepath.runs.requests import requests_of

CLOSE = 1e-9  # of a learning rate: another formula differs in last bits, another step by far more
NEAR_ZERO = 1e-13  # of the peak
LONGEST = 90.0  # seconds of a segment, which takes some tenths
POLL = 0.002  # seconds


@dataclass(frozen=True)
class Point:
    """What a run is behind `applied` updates: what its code asked for, what is in force, which requests were met."""

    applied: int
    asked: Asked
    curve: Curve
    met: frozenset[int] = frozenset()
    past: tuple[str, ...] = ()  # what happened to it: two runs of one past use the same bits


@dataclass
class Life:
    """A life and what was seen in it."""

    seed: str
    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draw = Random(self.seed)
        self.folder = Path(tempfile.mkdtemp(prefix="torture-"))
        self.points: dict[int, Point] = {}  # by checkpoint
        self.bits: dict[tuple[tuple[str, ...], int], str] = {}
        self.final: dict[int, float] = {}
        self.kept = {
            "journal": self.draw.random() < 0.5,
            "mixed": self.draw.choice((None, None, "scaler", "fused")),
            "atomic": self.draw.random() < 0.5,
        }
        self.asked = choosing.plan(self.draw)

    def count(self, what: str, many: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + many

    def says(self, what: str) -> None:
        self.wrong.append(f"{self.seed}: {what} ({self.folder})")

    def live(self) -> None:
        """From the first segment to the last; the folder stays where something was wrong."""
        segments = self.draw.randint(2, 5)
        for number in range(segments):
            self.segment(number, last=number == segments - 1)
            if self.wrong:
                break
        if not self.wrong and self.kept["journal"]:
            self._journal()
        if not self.wrong:
            shutil.rmtree(self.folder)

    # ---- A segment. ----

    def segment(self, number: int, *, last: bool) -> None:
        begin = max(self.points, default=0)
        before = len(self._requests())
        point = self.points.get(begin) or self._fresh(before)
        if self.points and self.draw.random() < 0.45:
            self.asked = choosing.other_plan(self.draw, self.asked, begin)
        curve = planned(self.asked["parts"], self.asked["horizon"], self.asked["peak"])
        script = choosing.script(self.draw, number, self.asked, begin, curve, last=last, life=self.kept)
        self._ways(script, point)
        statuses = self._run(script)
        (self.folder / f"{number}.json").write_text(json.dumps([script, statuses]))
        if not self._ended_well(script, statuses):
            return
        logs = [self._log(number, rank) for rank in range(script["world"])]
        if script["apart"]:
            self._said_apart(logs)
            return
        self._look(script, logs, before)

    def _fresh(self, before: int) -> Point:
        """A run that begins: it does not hear what was asked before."""
        curve = planned(self.asked["parts"], self.asked["horizon"], self.asked["peak"])
        return Point(0, self.asked, curve, frozenset(range(before)), (json.dumps(self.asked),))

    def _ways(self, script: dict[str, Any], point: Point) -> None:
        """How to go on, where any checkpoint that may be read is of another plan."""
        if all(one.asked == self.asked for one in self.points.values()):
            if script["world"] > 1 and self.draw.random() < 0.06:
                script |= {"apart": True, "kill": None, "changes": {}, "requests": {}}
            return
        roomy = all(one.asked["batch"] == self.asked["batch"] for one in self.points.values())
        script["policy"] = choosing.policy(self.draw, roomy=roomy)
        script["conflict"] = point.asked != self.asked and self.draw.random() < 0.5

    def _run(self, script: dict[str, Any]) -> list[int]:
        """The processes of a segment, forked; those that a kill leaves behind are ended, as torchrun does."""
        ranks: dict[int, int] = {}
        for rank in range(script["world"]):
            pid = os.fork()
            if pid == 0:
                os._exit(training.run(script, rank, self.folder))
            ranks[pid] = rank
        statuses, until, ending = [0] * len(ranks), time.monotonic() + LONGEST, False
        while ranks:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                statuses[ranks.pop(pid)] = os.waitstatus_to_exitcode(status)
                late = bool(status) and not ending
            else:
                late = time.monotonic() > until and not ending
                time.sleep(POLL)
            if late:
                ending = True
                time.sleep(5 * POLL)  # one that fails because of another may be seen before it
                self._end(ranks, statuses)
        return statuses

    @staticmethod
    def _end(ranks: dict[int, int], statuses: list[int]) -> None:
        """Those that died by themselves first, then the others by our hand, with another signal."""
        for pid in list(ranks):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                statuses[ranks.pop(pid)] = os.waitstatus_to_exitcode(status)
            else:
                os.kill(pid, signal.SIGTERM)

    def _ended_well(self, script: dict[str, Any], statuses: list[int]) -> bool:
        """Whether it ended as the script says; a kill may have come too late."""
        kill = script["kill"]
        killed = kill is not None and statuses[kill["rank"]] == -signal.SIGKILL
        self.count("kills", killed)
        self.count("segments")
        self.count(f"in {script['world']}")
        if killed or not any(statuses):
            return True
        errors = [path.read_text() for path in sorted(self.folder.glob(f"{script['number']}-*.error"))]
        self.says(f"segment {script['number']} ended with {statuses}\n{(errors or ['no error: it hung'])[0]}")
        return False

    def _log(self, number: int, rank: int) -> list[list[str]]:
        path = self.folder / f"{number}-{rank}.log"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def _requests(self) -> list[bytes]:
        path = requests_of(self.folder / "run.jsonl")
        return path.read_bytes().splitlines() if path.exists() else []

    def _said_apart(self, logs: list[list[list[str]]]) -> None:
        self.count("processes apart, said")
        for rank, log in enumerate(logs):
            if ["apart", "True"] not in log or any(line[0] == "used" for line in log):
                self.says(f"process {rank} was not told that another goes by another policy: {log}")

    # ---- What it should have used. ----

    def _look(self, script: dict[str, Any], logs: list[list[list[str]]], before: int) -> None:
        said = [{line[0]: line for line in log} for log in logs]
        self.count("checkpoints refused", any("unreadable" in one for one in said))
        begins = {one["begins"][1] for one in said if "begins" in one}
        if not begins:
            return  # killed by another process's end before it had begun
        if len(begins) > 1:
            self.says(f"segment {script['number']} begins at {begins}")
            return
        begin = int(begins.pop())
        was_cut = any(line[0] == "cut" for line in logs[0])
        cut = [int(line[1]) for line in logs[0] if line[0] == "writes"][-1:] if was_cut else []
        if begin != max(self.points, default=0):
            self.says(f"segment {script['number']} begins at {begin}, with checkpoints at {sorted(self.points)}")
            return
        point = self._gone_on(script, self.points.get(begin) or self._fresh(before), said)
        values, snapshots = self._expected(script, point, before)
        self._undo(logs[0], begin)
        for rank, log in enumerate(logs):
            self._compare(rank, [line for line in log if line[0] == "used"], values, snapshots)
        for line in logs[0]:
            if line[0] == "wrote":
                self.points[int(line[1])] = snapshots[int(line[1])]
                self.count("checkpoints")
        if cut and not script["atomic"]:
            self.points.pop(cut[0], None)  # the file of an earlier one at this step is gone
        self.count("checkpoints cut", len(cut))

    def _undo(self, log: list[list[str]], begin: int) -> None:
        """What was done from here on is done again, where anything is."""
        if any(line[0] == "used" for line in log):
            self.final = {step: lr for step, lr in self.final.items() if step < begin}

    def _gone_on(self, script: dict[str, Any], point: Point, said: list[dict[str, list[str]]]) -> Point:
        """What a policy makes of a checkpoint of another plan."""
        if point.asked == script["asked"]:
            return point
        asked, policy = script["asked"], script["policy"]
        curve = planned(asked["parts"], asked["horizon"], asked["peak"])
        refused = policy == ["requested"] and rises(point.curve, point.applied, curve)
        for rank, one in enumerate(said):
            if "begins" in one and (refused != ("refused" in one) or script["conflict"] != ("conflict" in one)):
                self.says(f"process {rank} in segment {script['number']}: rises {refused}, but said {sorted(one)}")
        policy = ["hold"] if refused else policy
        horizon = choosing.reach(point.curve.horizon - point.applied, point.asked, asked, point.applied)
        behind = going_on(point.curve, point.applied, policy, horizon, curve)
        self.count("policies")
        self.count("seams refused", refused)
        return Point(point.applied, asked, behind, point.met, (*point.past, f"{point.applied} {policy} {asked}"))

    def _expected(self, script: dict[str, Any], point: Point, before: int) -> tuple[dict[int, float], dict[int, Point]]:
        """The learning rate of every update, and what a checkpoint in front of it holds."""
        due = self._due(script, point, before)
        values, snapshots = dict[int, float](), dict[int, Point]()
        for step in range(point.applied, script["until"] + 1):
            for number, table in due.get(step, []):
                point = self._met(point, step, table, number)
            snapshots[step] = point = Point(step, point.asked, point.curve, point.met, point.past)
            for change in script["changes"].get(str(step), []) if step < script["until"] else []:
                point = self._met(point, step, change)
            values[step] = point.curve(step)
        return values, snapshots

    def _due(self, script: dict[str, Any], point: Point, before: int) -> dict[int, list[tuple[int, dict[str, Any]]]]:
        """At which update each request is met: behind the one that follows it, or later where it says so."""
        written = [
            step for step in range(point.applied, script["until"]) for _ in script["requests"].get(str(step), [])
        ]
        due: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        for number, line in enumerate(self._requests()):
            if number in point.met:
                continue
            table = json.loads(line)
            heard = 1 + (point.applied if number < before else written[number - before])
            due.setdefault(max(heard, table.get("step", 0)), []).append((number, table))
        return due

    def _met(self, point: Point, step: int, change: dict[str, Any], number: int | None = None) -> Point:
        well = fits(point.curve, step, change) and change.get("scale", 0) <= 1
        new = changed(point.curve, step, change) if well else point.curve
        well = well and not ("horizon" in change and rises(point.curve, step, new))
        curve = new if well else point.curve
        met = point.met if number is None else point.met | {number}
        self.count("changes" if number is None else "requests", well)
        return Point(step, point.asked, curve, met, (*point.past, f"{step} {change}") if well else point.past)

    def _compare(self, rank: int, used: list[list[str]], values: dict[int, float], snapshots: dict[int, Point]) -> None:
        """What the optimizer used beside what it should have, and to the bit beside a run of the same past."""
        for index, (step, line) in enumerate(zip(sorted(values), used, strict=False)):
            point, lrs = snapshots[step], [float.fromhex(word) for word in line[2:]]
            expected = [values[step] * ratio for ratio in training.RATIOS]
            near = NEAR_ZERO * point.curve.peak
            close = [isclose(lr, due, rel_tol=CLOSE, abs_tol=near) for lr, due in zip(lrs, expected, strict=True)]
            right = int(line[1]) == step and all(close)
            same = self.bits.setdefault((self._past(snapshots, step), step), line[2]) == line[2]
            self.count("updates")
            self.final[step] = lrs[0] if rank == 0 else self.final.get(step, lrs[0])
            if not (right and same):
                self.count("wrong updates")
                what = "" if right else f", should have used {expected}"
                self.says(
                    f"process {rank}, update {step} (line {index}) used {lrs}{what}{'' if same else ', other bits'}"
                )
                return

    @staticmethod
    def _past(snapshots: dict[int, Point], step: int) -> tuple[str, ...]:
        """What happened up to an update, the changes in front of it too."""
        return (snapshots.get(step + 1) or snapshots[step]).past

    def _journal(self) -> None:
        """The journal, one series over all segments, beside what the optimizer used."""
        warnings.simplefilter("ignore")
        recorded = read_journal(self.folder / "run.jsonl")["lr"]
        found = dict(zip(recorded.steps.tolist(), recorded.values.tolist(), strict=True))
        self.count("journals")
        if found != self.final:
            apart = {step for step in found.keys() | self.final if found.get(step) != self.final.get(step)}
            self.says(f"the journal differs from what was used at {sorted(apart)}")
