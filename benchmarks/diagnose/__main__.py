"""How often faults that were put into real trainings are found, and how often healthy ones are alarmed at.

The command: `make bench-diagnose`. The runs are kept in a folder, so that a second call only diagnoses.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from making import ALL, jobs, made
from public import DEADLINE, Said, first_found, is_diverged, logs, said
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scoring import NOTE, Score, score

AIM, MOST_FALSE = 0.95, 0.01
SEEDS, HELD_BACK, CLEAN = 20, 10, 240
T9 = ("divergence", "bad batch", "lost state", "scale collapse", "harmless spike", "clean")  # of its six, right in five
T9_RIGHT = {
    "divergence": ("divergence", "not finite"),
    "bad batch": ("spike",),
    "lost state": ("lost state",),
    "scale collapse": ("scale collapse",),
    "harmless spike": (f"{NOTE}spike",),
}


def share(part: int, of: int) -> str:
    return f"{part / of:.2f}" if of else "-"


def columns(scores: Sequence[Score]) -> tuple[str, ...]:
    """Recall, without the plan too, the median delay, and the runs with a false alarm."""
    caught = [one for one in scores if one.caught]
    delays = [one.delay for one in caught if one.delay is not None]
    return (
        str(len(scores)),
        share(len(caught), len(scores)),
        share(sum(one.blind for one in scores), len(scores)),
        f"{median(delays):.0f}" if delays else "-",
        str(sum(bool(one.false) for one in scores)),
    )


def by_class(console: Console, scores: list[Score], command: str) -> None:
    """A row a class: to develop on, and held back."""
    names = ("runs", "recall", "no plan", "delay", "false")
    seen = Table(title=f"{command}\nfaults in real trainings: to develop on | held back", caption_justify="left")
    for name in ("class", *names, *names, "false alarms of all"):
        seen.add_column(name, justify="left" if name in ("class", "false alarms of all") else "right")
    for fault in dict.fromkeys(one.fault for one in scores):
        mine = [one for one in scores if one.fault == fault]
        kinds = Counter(kind for one in mine for kind in set(one.false))
        wrong = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        seen.add_row(
            fault, *columns([one for one in mine if not one.held]), *columns([one for one in mine if one.held]), wrong
        )
    console.print(seen)


def by_kind(console: Console, scores: list[Score]) -> None:
    """Of the alarms of each kind, the share that was right."""
    seen = Table(title="precision by kind of alarm: runs where it is right or follows from the fault")
    for name in ("kind", "right", "false", "precision"):
        seen.add_column(name, justify="left" if name == "kind" else "right")
    right = Counter(kind for one in scores for kind in set(one.right))
    false = Counter(kind for one in scores for kind in set(one.false))
    for kind in sorted(right | false):
        seen.add_row(kind, str(right[kind]), str(false[kind]), share(right[kind], right[kind] + false[kind]))
    console.print(seen)


def summary(scores: list[Score], public: list[Said], first: float | None) -> list[tuple[str, str, str, bool]]:
    """What is held against an aim: what, measured, the aim, whether it is met."""
    rows = []
    for held, word in ((False, "to develop on"), (True, "held back")):
        some = [one for one in scores if one.held is held]
        faulty, clean = [one for one in some if one.fault != "clean"], [one for one in some if one.fault == "clean"]
        if not faulty or not clean:
            continue
        classes = {one.fault for one in faulty}
        recalls = [sum(o.caught for o in faulty if o.fault == c) / sum(o.fault == c for o in faulty) for c in classes]
        recall = sum(one.caught for one in faulty) / len(faulty)
        right, false = (sum(len(set(getattr(one, what))) for one in some) for what in ("right", "false"))
        precision, alarmed = right / max(1, right + false), sum(bool(one.false) for one in clean) / len(clean)
        rows += [
            (f"recall, {word}", f"{recall:.3f}", f"{AIM}", recall >= AIM),
            (
                f"classes of a recall under {AIM}, {word}",
                f"{sum(r < AIM for r in recalls)} of {len(classes)}",
                "0",
                min(recalls) >= AIM,
            ),
            (f"precision, {word}", f"{precision:.3f}", f"{AIM}", precision >= AIM),
            (
                f"clean runs alarmed at, {word}",
                f"{alarmed:.3f} of {len(clean)}",
                f"{MOST_FALSE}",
                alarmed <= MOST_FALSE,
            ),
        ]
    right_ones, worst = triage(scores)
    rows.append(("T9: right of six classes, mean over seeds", f"{right_ones:.2f}, least {worst}", "5", right_ones >= 5))
    clean = [one for one in scores if one.fault == "clean"]
    rows.append(("errors", str(sum(bool(one.broke) for one in scores)), "0", not any(one.broke for one in scores)))
    if public:
        alarmed = sum(bool(one.alarms) for one in public)
        rows.append(("public logs alarmed at, healthy", f"{alarmed} of {len(public)}", "0", alarmed == 0))
    if first is not None:
        rows.append(("the public divergence is found by update", f"{first}", f"{DEADLINE}", first <= DEADLINE))
    times = [one.seconds for one in scores if not one.broke]
    if times:
        rows.append(("seconds a run, median and most", f"{median(times):.3f}, {max(times):.3f}", "-", True))
    return rows


def triage(scores: list[Score]) -> tuple[float, int]:
    """T9: of loss, rate, gradient norm and resumes alone, the worst finding of each of six runs is the right one."""
    known = {(one.fault, one.seed): one for one in scores if one.first is not None}
    rates = {fault: [_is_right(one) for one in known.values() if one.fault == fault] for fault in T9}
    if not all(rates.values()):
        return 0.0, 0
    whole = [all((fault, seed) in known for fault in T9) for seed in range(SEEDS)]
    each = [sum(_is_right(known[fault, seed]) for fault in T9) for seed in range(SEEDS) if whole[seed]]
    return sum(sum(some) / len(some) for some in rates.values()), min(each, default=0)


def _is_right(one: Score) -> bool:
    if one.fault in T9_RIGHT:
        return one.first in T9_RIGHT[one.fault]
    return one.first is not None and (not one.first or one.first.startswith(NOTE))


def told_public(console: Console, public: list[Said]) -> None:
    """What was said of the public logs."""
    kinds = Counter(alarm.split(" at ")[0] for one in public for alarm in set(one.alarms))
    notes = Counter(note.split(" at ")[0] for one in public for note in set(one.notes))
    for one in public:
        if one.alarms:
            console.print(f"  {one.name}: {', '.join(one.alarms)}", highlight=False)
    console.print(f"{len(public)} public logs; alarms: {dict(kinds)}; notes: {dict(notes)}")


def main() -> None:
    """Make the runs, diagnose them, and hold what was found against the truth."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--faults", nargs="+", default=ALL, choices=ALL)
    asked.add_argument("--seeds", type=int, default=SEEDS, help="of each fault, to develop on")
    asked.add_argument("--held", type=int, default=HELD_BACK, help="of each fault, held back")
    asked.add_argument("--clean", type=int, default=CLEAN, help="runs without a fault")
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument("--folder", type=Path, default=Path(".bench-diagnose"))
    asked.add_argument("--only-make", action="store_true", help="train the runs and diagnose none")
    asked.add_argument("--only-known", action="store_true", help="diagnose the runs that there are and train none")
    asked.add_argument("--develop", action="store_true", help="leave out those held back")
    told = asked.parse_args()
    begin, console = time.perf_counter(), Console(width=max(180, Console().width) if not sys.stdout.isatty() else None)
    wanted = jobs(told.folder, told.seeds, told.held, told.clean, told.faults)
    if told.develop:
        wanted = [job for job in wanted if not job.held]
    there = [job for job in wanted if job.path.exists()] if told.only_known else made(console, wanted, told.processes)
    if told.only_make:
        return
    healthy = [path for path in logs() if not is_diverged(path)]
    with get_context("spawn").Pool(told.processes) as pool:
        firsts = pool.map_async(first_found, [path for path in logs() if is_diverged(path)])
        scores = list(track(pool.imap(score, there), "diagnoses", total=len(there), console=console))
        public = list(track(pool.imap(said, healthy), "public logs", total=len(healthy), console=console))
        first = min(firsts.get(), default=None)
    command = f"benchmarks/diagnose {' '.join(sys.argv[1:])}".strip()
    by_class(console, sorted(scores, key=lambda one: ALL.index(one.fault)), command)
    by_kind(console, scores)
    told_public(console, public)
    if not public:
        console.print("the public logs are not here: left out")
    held_against(console, summary(scores, public, first))
    keep(told.folder, command, scores, public, first)
    console.print(f"{len(there)} of {len(wanted)} runs in {time.perf_counter() - begin:.0f} s")


def held_against(console: Console, rows: list[tuple[str, str, str, bool]]) -> None:
    """The aims, and whether they are met."""
    seen = Table(title="the aims")
    for column in ("what", "measured", "aim", "met"):
        seen.add_column(column)
    for what, measured, aim, met in rows:
        seen.add_row(what, measured, aim, "yes" if met else "no")
    console.print(seen)


def keep(folder: Path, command: str, scores: list[Score], public: list[Said], first: float | None) -> None:
    """All of it as JSON, for whoever looks for the runs behind a number."""
    found = {"command": command, "scores": [asdict(one) for one in scores], "public": [asdict(one) for one in public]}
    (folder / "result.json").write_text(json.dumps(found | {"first": first}, indent=1) + "\n")


if __name__ == "__main__":
    main()
