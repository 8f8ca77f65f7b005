"""Logs that programs print: the same training in every dialect, and what real logs do to a reader."""

import gzip
import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from glidepath.errors import LogError
from glidepath.logs.opening import READERS, open_run
from glidepath.runs.run import Run
from log_samples import SAMPLES, TOLD
from log_telling import HORIZON, KILLED, RESUMED, Told

COLUMNS = (("loss", "loss"), ("lr", None), ("next", "lr"), ("norm", "grad_norm"), ("check", None))


def reader_of(told: Told) -> ModuleType:
    return import_module(f"glidepath.logs.{told.reader}")


def opened(folder: Path, name: str, text: str | bytes) -> Run:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_run(path)


def points(run: Run, name: str) -> dict[int, float]:
    return dict(zip(run[name].steps.tolist(), run[name].values.tolist(), strict=True))


def same(found: dict[int, float], wanted: dict[int, float]) -> bool:
    return found.keys() == wanted.keys() and all(
        math.isclose(found[step], wanted[step], rel_tol=1e-12) or (math.isnan(found[step]) and math.isnan(wanted[step]))
        for step in wanted
    )


def written(told: Told) -> list[tuple[str, str]]:
    """What a dialect writes, and the curve that it must become."""
    names = {"lr": told.rate, "check": told.validation}
    return [(word, curve or names[word]) for word, curve in COLUMNS if "{" + word + "}" in told.line + told.check]


@pytest.mark.parametrize("name", TOLD)
def test_every_dialect_tells_the_same_training_with_its_resume_its_nan_and_its_evaluations(
    name: str, tmp_path: Path
) -> None:
    told, run = TOLD[name], opened(tmp_path, name, SAMPLES[name])
    assert run.origin == reader_of(told).NAME
    for word, curve in written(told):
        wanted = told.curve(word)
        if word == "next" and "{loss}" not in told.line:
            wanted[RESUMED] = float(
                told.written("lr", 1e-3 * (HORIZON - RESUMED) / (HORIZON - 10))
            )  # the lead of its log
        assert same(points(run, curve), wanted), (curve, points(run, curve), wanted)
    if "{loss}" in told.line:
        assert run.segments == (0, RESUMED)
        assert run.discarded["loss"].steps.tolist() == list(range(RESUMED, KILLED))
    if told.horizon:
        assert run.settings["horizon"] == HORIZON
    for key, value in told.settings.items():
        assert run.settings[key] == value


@pytest.mark.parametrize("name", SAMPLES)
def test_a_log_is_recognised_by_its_own_reader_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(SAMPLES[name])
    head = path.read_bytes()
    known = [reader for reader in READERS if reader.recognises(path, head)]
    assert known[0] is reader_of(TOLD[name])
    names = {import_module(f"glidepath.logs.{name}").NAME for name in ("table", "generic_text")}
    assert {reader.NAME for reader in known[1:]} <= names


CHANGES = {
    "with ends of lines as Windows has them": lambda text: text.replace("\n", "\r\n").encode(),
    "with a mark of encoding": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "in UTF-16, as PowerShell's tee writes it": lambda text: text.encode("utf-16"),
    "packed": lambda text: gzip.compress(text.encode()),
    "with bytes of another encoding": lambda text: b"caf\xe9 \xff\xfe\n" + text.encode(),
    "with a line of a million characters": lambda text: b"x" * 1_500_000 + b"\n" + text.encode(),
    "behind a long banner": lambda text: b"Loading extension module\n" * 9_000 + text.encode(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["nanogpt.log", "megatron.log", "transformers_console.log", "scalars.json", "own.log"])
def test_the_form_of_the_file_is_no_matter(name: str, change: str, tmp_path: Path) -> None:
    plain, changed = (opened(tmp_path, name, text) for text in (SAMPLES[name], CHANGES[change](SAMPLES[name])))
    assert same(points(changed, "loss"), points(plain, "loss"))
    assert changed.segments == plain.segments
    assert changed.origin == plain.origin


AHEAD = ("[rank0]: ", "0: ", "2026-01-01 00:00:00,123 - INFO - ", "\x1b[36m(worker pid=12)\x1b[0m ", "[1,0]<stdout>:")


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize(
    "name", ["nanogpt.log", "megatron.log", "olmo_core.log", "litgpt.log", "timm.log", "fairseq.log"]
)
def test_what_stands_before_the_lines_is_no_matter(name: str, ahead: str, tmp_path: Path) -> None:
    text = "".join(f"{ahead}{line}\n" for line in SAMPLES[name].splitlines())
    plain, changed = opened(tmp_path, name, SAMPLES[name]), opened(tmp_path, name, text)
    assert same(points(changed, "loss"), points(plain, "loss"))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_log_cut_at_any_place_costs_no_more_than_its_last_line(name: str, tmp_path: Path) -> None:
    told, whole = TOLD[name], opened(tmp_path, name, SAMPLES[name])
    curve = "loss" if "{loss}" in told.line else "lr"
    last = SAMPLES[name].rstrip("\n").rpartition("\n")[2]
    for kept in (1, len(last) // 2, len(last)):
        run = opened(tmp_path, name, SAMPLES[name][: -len(last) - 1] + last[:kept])
        found, wanted = points(run, curve), points(whole, curve)
        assert same({**found, **dict(list(wanted.items())[-1:])}, wanted)
    is_object = "{" in last  # which is whole where its bracket is
    assert is_object or any("cut" in note for note in run.notes)


def test_a_line_that_every_process_prints_counts_once(tmp_path: Path) -> None:
    text = "".join(
        f"[rank{rank}]:iter {step}: loss {5 - step / 10 + rank}, time 1.00ms, mfu 1.00%\n"
        for step in range(20)
        for rank in ((0, 1, 2) if step % 2 else (2, 0, 1))
    )
    run = opened(tmp_path, "tee.log", text)
    assert run["loss"].steps.tolist() == list(range(20))
    assert run.segments == (0,)
    assert any("40 lines of other processes" in note for note in run.notes)


def test_the_same_line_twice_without_a_rank_counts_once_and_says_so(tmp_path: Path) -> None:
    lines = [f"iter {step}: loss {5 - step / 10}, time 1.00ms, mfu 1.00%\n" for step in range(20)]
    run = opened(tmp_path, "tee.log", "".join(line + line for line in lines))
    assert run["loss"].steps.tolist() == list(range(20))
    assert any("20 rows say the step" in note for note in run.notes)


def test_a_resume_on_other_ranks_is_a_resume(tmp_path: Path) -> None:
    text = "".join(f"[rank0]:iter {step}: loss 4.0, time 1ms\n" for step in range(30))
    text += "".join(f"[rank7]:iter {step}: loss 3.0, time 1ms\n" for step in range(10, 40))
    run = opened(tmp_path, "tee.log", text)
    assert run.segments == (0, 10)
    assert points(run, "loss")[10] == 3.0


def test_a_banner_is_a_start_where_the_step_does_not_go_back(tmp_path: Path) -> None:
    lines = [f"step: {step}  loss:  4.0  grad_norm:  1.0  memory: 1.0GiB(1%)\n" for step in range(1, 21)]
    lines[10:10] = ["Training starts at step 11\n"]
    assert opened(tmp_path, "titan.log", "".join(lines)).segments == (0, 10)


def test_skipped_iterations_of_megatron_are_summed(tmp_path: Path) -> None:
    lines = TOLD["megatron.log"].text().replace("skipped iterations: 0", "skipped iterations: 2").splitlines()
    run = opened(tmp_path, "megatron.log", "\n".join(lines[:14]) + "\n")
    assert points(run, "skipped") == {step: 2.0 * (step + 1) for step in range(10)}


def test_a_test_set_of_megatron_is_no_validation(tmp_path: Path) -> None:
    extra = " validation loss at iteration 30 on test set | lm loss value: 9.9E+00 | lm loss PPL: 2.0E+01 | \n"
    run = opened(tmp_path, "megatron.log", SAMPLES["megatron.log"] + extra)
    assert 9.9 not in points(run, "validation_loss").values()


def test_large_numbers_of_nanotron_are_read_as_people_write_them(tmp_path: Path) -> None:
    run = opened(tmp_path, "nanotron.log", SAMPLES["nanotron.log"])
    assert set(points(run, "tokens").values()) == {1.31e6}
    assert any("rounded" in note for note in run.notes)


def test_micro_batches_of_litgpt_are_no_updates(tmp_path: Path) -> None:
    run = opened(tmp_path, "litgpt.log", SAMPLES["litgpt.log"])
    assert points(run, "micro_batches")[0] == 11
    assert any("micro-batch" in note for note in run.notes)


ROW = "{{'loss': {0}, 'grad_norm': 1.0, 'learning_rate': 1e-05, 'epoch': {1}}}\n"
DATA = Path(__file__).parents[1] / "data" / "logs"
LOSSES = {3: 2.376, 7: 5.664, 11: 3.102, 15: 2.724, 19: 2.864}  # of the trainer's console, from its first rows
CHECKS = {15: 3.231, 31: 2.725, 47: 2.57}


@pytest.mark.parametrize("name", ["transformers_console_tee.log", "transformers_console_stdout.log"])
def test_the_trainers_own_console_has_its_steps_with_the_progress_bars_and_without(name: str) -> None:
    run = open_run(DATA / name)
    assert run["loss"].steps.tolist() == list(range(3, 48, 4))
    assert LOSSES.items() <= points(run, "loss").items()
    assert points(run, "validation_loss") == CHECKS
    warmup, decay = ([0.01 * step / 8 for step in (3, 7)], [0.01 * (48 - step) / 40 for step in range(11, 48, 4)])
    assert run["lr"].values.tolist() == pytest.approx(warmup + decay)
    assert run.settings["horizon"] == 48


@pytest.mark.parametrize("told", [True, False])
def test_a_resume_of_the_trainer_with_another_total_has_its_own_bar(told: bool, tmp_path: Path) -> None:
    text, bar = "", "  1%|   | {}/{} [\n"
    for total, first, last in ((60, 0, 34), (120, 30, 120)):
        text += f"***** Running training *****\n  Total optimization steps = {total}\n" * told + bar.format(0, total)
        for done in range(first + 1, last):
            text += ROW.format(4.0, done / 16) + bar.format(done, total) + bar.format(0, 9)
    run = opened(tmp_path, "tee.log", text)
    assert (run.segments, run.settings["horizon"], set(points(run, "loss"))) == ((0, 30), 120, set(range(119)))


def test_mmengines_own_file_has_its_warmup_and_its_validation_behind_each_epoch() -> None:
    run = open_run(DATA / "mmengine_scalars.json")
    assert run["lr"].steps.tolist() == list(range(1, 24, 2))
    assert run["lr"].values.tolist() == pytest.approx([0.1 * min(0.1 + 0.9 * step / 7, 1) for step in range(1, 24, 2)])
    assert run["mse"].steps.tolist() == [7, 15, 23]
    assert run.segments == (1,)


def test_stable_baselines_own_file_counts_the_steps_of_the_environment() -> None:
    run = open_run(DATA / "stable_baselines3_progress.json")
    assert run.clock == "samples"
    assert run["lr"].steps.tolist() == [128, 192, 256, 320]
    assert run["lr"].values.tolist() == pytest.approx([8e-4, 6e-4, 4e-4, 2e-4])


def test_the_last_row_of_the_trainer_tells_the_steps_of_the_others(tmp_path: Path) -> None:
    text = "".join(ROW.format(4.0, round(step / 375, 2)) for step in range(50, 751, 50))
    text += "{'train_runtime': 75.0, 'train_steps_per_second': 10.0, 'train_loss': 2.0, 'epoch': 2.0}\n"
    run = opened(tmp_path, "tee.log", text)
    assert run["loss"].steps.tolist() == list(range(49, 750, 50))
    assert run.settings["horizon"] == 750
    assert "train_loss" not in run.curves


def test_the_epochs_that_the_trainer_announces_are_rounded_up_and_give_way_to_those_it_did(tmp_path: Path) -> None:
    text = "  Num Epochs = 63\n  Total optimization steps = 1,000\n"
    text += "".join(ROW.format(4.0, step / 16) for step in range(20, 1001, 20))
    text += "{'train_runtime': 75.0, 'train_steps_per_second': 13.3, 'train_loss': 2.0, 'epoch': 62.5}\n"
    run = opened(tmp_path, "tee.log", text)
    assert run["loss"].steps.tolist() == list(range(19, 1000, 20))
    assert run.settings["horizon"] == 1000


def test_rows_of_the_trainer_are_counted_where_nothing_tells_their_steps(tmp_path: Path) -> None:
    run = opened(tmp_path, "tee.log", "".join(ROW.format(4.0, step / 10) for step in range(1, 6)))
    assert run["loss"].steps.tolist() == [0, 1, 2, 3, 4]
    assert any("rows are counted" in note for note in run.notes)


def test_a_row_of_the_trainer_is_read_and_never_run(tmp_path: Path) -> None:
    text = "{'loss': __import__('os').system('false'), 'epoch': 1.0}\n" * 3 + ROW.format(4.0, 1.0)
    assert points(opened(tmp_path, "tee.log", text), "loss").popitem()[1] == 4.0


def test_epochs_of_mmcv_are_laid_end_to_end(tmp_path: Path) -> None:
    rows = [(epoch, batch) for epoch in (1, 2) for batch in (50, 100)]
    row = '{{"mode": "train", "epoch": {}, "iter": {}, "lr": 0.1, "loss": 1.0}}\n'
    run = opened(tmp_path, "x.log.json", "".join(row.format(*place) for place in rows))
    assert run["loss"].steps.tolist() == [49, 99, 149, 199]
    assert any("an epoch is taken as 100" in note for note in run.notes)


def test_steps_that_begin_anew_in_each_epoch_are_laid_end_to_end(tmp_path: Path) -> None:
    text = "".join(f"Epoch: {epoch} Step {step}/100 loss: 1.5\n" for epoch in (1, 2) for step in range(0, 100, 25))
    run = opened(tmp_path, "own.log", text)
    assert run["loss"].steps.tolist() == list(range(0, 200, 25))
    assert run.segments == (0,)


@pytest.mark.parametrize(
    "line",
    [
        "step=100 loss=3.21 lr=1e-4",
        "[Step 100/200] train loss 3.21 | val loss 3.4",
        "Iteration: 100, Loss: 3.21, LR: 0.0001",
        "global step 100, training loss 3.21",
        "epoch 1 iter 100 Loss = 3.21",
        "| step 100 | loss 3.21 |",
    ],
)
def test_text_of_ones_own_is_read_in_words(line: str, tmp_path: Path) -> None:
    text = "".join(line.replace("100", str(step), 1) + "\n" for step in (100, 200, 300))
    assert points(opened(tmp_path, "own.log", text), "loss") == dict.fromkeys((100, 200, 300), 3.21)


@pytest.mark.parametrize(
    "line", ["step one: lose weight", "the loss was 3 at step", "step 100: best loss 3.2", "loss 3.2"]
)
def test_prose_is_no_log(line: str, tmp_path: Path) -> None:
    with pytest.raises(LogError, match="tried"):
        opened(tmp_path, "prose.txt", f"{line}\n" * 9)


def test_a_log_with_lines_and_no_numbers_is_refused_in_a_sentence(
    tmp_path: Path, complaint: Callable[..., str]
) -> None:
    path = tmp_path / "composer.txt"
    path.write_text("[metric][batch=1]: name: text \n")
    assert "expected lines of Composer text" in complaint(open_run, path)
