"""`glidepath scale`: a training at another batch size, with everything that hangs together with it."""

from dataclasses import replace
from typing import Any

import click
import numpy as np

from glidepath.batch import RULES, Fact, Ramp, Rescaled, Rule, Setup, rescale, seesaw
from glidepath.batch.facts import BETAS
from glidepath.cli.options import Answer, answers, asks
from glidepath.cli.sources import Source
from glidepath.errors import BatchError, shown
from glidepath.plots.figure import Figure, Mark, Panel, Series
from glidepath.plots.numbers import number
from glidepath.plots.schedules import label_of, sampled
from glidepath.plots.terminal import draw
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.schedule import Schedule
from glidepath.schedules.spec import to_spec

POINTS = 500  # of a curve, more than a terminal is wide
BESIDE = 8  # times the smaller batch and the larger one: how far the rules are drawn
LONGEST_SIZE = 60  # characters of a batch size
OF_A_SETUP = ("optimizer", "beta1", "beta2", "momentum", "eps", "weight_decay", "warmup", "step")


@click.command("scale")
@click.argument("source", required=False)
@click.option(
    "--batch", metavar="SIZE", help="Samples of a step: 256, or micro-batch x processes x accumulation, 8x16x2."
)
@click.option("--to", metavar="SIZE", help="The same of the training to come.")
@click.option("--rule", metavar="NAME", help="linear, square-root, noise-scale or surge; else by the optimizer.")
@click.option("--noise-scale", type=float, metavar="SAMPLES", help="The noise scale, for the rules that need it.")
@click.option("--alpha", type=float, metavar="POWER", help="Of the rule noise-scale, 0.5 to 1.")
@click.option("--betas", default=BETAS[0], metavar="RULE", help="square-root, half-life or kept.")
@click.option("--new-horizon", metavar="LENGTH", help='Where the run is to be of other data too: "200%", "2M samples".')
@click.option("--optimizer", default="adamw", help="Its name: adamw, sgd, ...")
@click.option("--beta1", type=float, help="Adam's.")
@click.option("--beta2", type=float, help="Adam's.")
@click.option("--momentum", type=float, help="SGD's.")
@click.option("--eps", type=float, help="Adam's.")
@click.option("--weight-decay", type=float, metavar="RATE", help="The optimizer's.")
@click.option("--warmup", type=int, metavar="STEPS", help="Where there is no SOURCE that has it.")
@click.option("--step", type=int, metavar="STEPS", help="Updates done, to find the same place in the data.")
@click.option("--seesaw", type=int, metavar="MOST", help="In place of --to: the decay as a ramp up to this batch size.")
@click.option("--rules", is_flag=True, help="Only the rules, with their evidence and where they hold.")
@asks
@answers
def command(source: str | None, terms: Terms, answer: Answer, *, rules: bool, **asked: Any) -> None:
    """Rescale the schedule SOURCE, as for show, or the settings given, from one batch size to another.

    Learning rate, betas, eps, weight decay, warmup, horizon and position hang together: what is kept and what is
    changed is said, each with its reason. With --seesaw a decay becomes a batch ramp over the same samples.

    \b
    Examples:
      glidepath scale --batch 256 --to 1024 --peak 3e-4 --beta2 0.95 --weight-decay 0.1
      glidepath scale "warmup(2%) >> cosine()" --horizon 10k --peak 3e-4 --batch 8x16x2 --to 8x64x2 --step 1200
      glidepath scale wsd --horizon 10k --peak 3e-4 --batch 256 --seesaw 2048 --png ramp.png
      glidepath scale --rules
    """
    if rules:
        answer.give([_rule(rule) for rule in RULES.values()], _listed, lambda: _curves(1, BESIDE, None, None))
        return
    schedule = None if source is None else Source.of(source).schedule(terms)[1]
    sizes = _size(asked.pop("batch"), "--batch")
    most, to = asked.pop("seesaw"), asked.pop("to")
    if (most is None) == (to is None):
        raise BatchError("expected one of --to and --seesaw, got both or neither: write --to 1024")
    if to is not None:
        _rescaled(schedule, sizes, _size(to, "--to"), terms, asked, answer)
    elif schedule is None:
        raise BatchError("expected a schedule for --seesaw, got none: name one, such as wsd")
    else:
        _ramp(
            seesaw(
                schedule,
                sizes["batch_size"] * sizes["world_size"] * sizes["accumulation"],
                most=most,
                optimizer=asked["optimizer"],
            ),
            answer,
        )


def _size(text: str | None, option: str) -> dict[str, int]:
    """Micro-batch, processes and accumulation of a text such as 8x16x2, or of the first alone."""
    numbers = (text or "").lower().split("x") if len(text or "") <= LONGEST_SIZE else []
    if not 1 <= len(numbers) <= 3 or not all(one.isascii() and one.isdigit() for one in numbers):
        raise BatchError(
            f"expected {option} as whole samples such as 256 or 8x16x2, got {shown(text)}: write {option} 256"
        )
    return dict(zip(("batch_size", "world_size", "accumulation"), [*map(int, numbers), 1, 1], strict=False))


def _rescaled(
    schedule: Schedule | None,
    sizes: dict[str, int],
    to: dict[str, int],
    terms: Terms,
    asked: dict[str, Any],
    answer: Answer,
) -> None:
    said: dict[str, Any] = sizes | {name: asked[name] for name in OF_A_SETUP}
    if schedule is None:
        said |= {"lr": terms.peak, "horizon": None if terms.horizon is None else terms.horizon.steps}
    found = rescale(
        Setup(**said, schedule=schedule),
        **to,
        horizon=_horizon(asked["new_horizon"]),
        rule=asked["rule"],
        noise_scale=asked["noise_scale"],
        alpha=asked["alpha"],
        betas=asked["betas"],
    )
    figure = _figure(found, asked["noise_scale"], asked["alpha"])
    after = found.after.schedule
    numbers = {
        "rule": _rule(found.rule),
        "factor": found.factor,
        "changed": [_fact(fact) for fact in found.changed],
        "kept": [_fact(fact) for fact in found.kept],
        "cautions": list(found.cautions),
        "schedule": None if after is None else str(after),
        "spec": None if after is None else to_spec(after),
    }
    answer.give(numbers, lambda: f"{draw(figure)}\n\n{found}", lambda: figure)


def _horizon(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= LONGEST_SIZE else text


def _rule(rule: Rule) -> dict[str, str]:
    return {name: getattr(rule, name) for name in ("name", "formula", "evidence", "holds", "source")}


def _listed() -> str:
    return "\n".join(
        f"{rule.name}: {rule.formula}\n  seen: {rule.evidence}\n  holds: {rule.holds}\n  {rule.source}"
        for rule in RULES.values()
    )


def _fact(fact: Fact) -> dict[str, Any]:
    plain = (fact.before, fact.after)
    one, other = (str(value) if isinstance(value, Schedule) else value for value in plain)
    return {"what": fact.what, "before": one, "after": other, "why": fact.why}


def _figure(found: Rescaled, noise_scale: float | None, alpha: float | None) -> Figure:
    """The schedule before and after over the samples; without one the rules over the batch size."""
    before, after = found.before, found.after
    if before.schedule is None or after.schedule is None:
        return _curves(before.global_batch, after.global_batch, noise_scale, alpha)
    lines = (_line("before", before.schedule, before.global_batch), _line("after", after.schedule, after.global_batch))
    title = f"From {before.global_batch} to {after.global_batch} samples a step, by the rule {found.rule.name}"
    return Figure(title, (Panel(lines, "samples", label_of(before.schedule)),))


def _line(name: str, schedule: Schedule, size: int) -> Series:
    steps = sampled(schedule.horizon.steps, schedule.boundaries, POINTS)
    return Series(name, steps.astype(np.float64) * size, schedule(steps))


def _curves(before: int, after: int, noise_scale: float | None, alpha: float | None) -> Figure:
    """The factor of every rule that can be asked, over the batch size."""
    low, high = min(before, after) / BESIDE, max(before, after) * BESIDE
    sizes = np.geomspace(max(1.0, low), high, POINTS)
    lines = []
    for rule in RULES.values():
        if not rule.needs_noise or noise_scale is not None:
            noise = noise_scale if rule.needs_noise else None
            power = alpha if rule.name == "noise-scale" else None
            lines.append(
                Series(
                    rule.name, sizes, [rule(before, size, noise_scale=noise, alpha=power) for size in sizes.tolist()]
                )
            )
    marks = [Mark(size, number(size)) for size in dict.fromkeys((before, after))]
    panel = Panel(tuple(lines), "samples a step", "learning rate, times", x_log=True, y_log=True, marks=tuple(marks))
    return Figure("The learning rate by the batch size", (panel,))


def _ramp(ramp: Ramp, answer: Answer) -> None:
    lr = ramp.lr
    numbers = {
        "steps": ramp.steps,
        "steps_of_the_plan": ramp.plan.horizon.steps,
        "saved": ramp.saved,
        "samples": ramp.samples,
        "sizes": [{"from": begin, "batch_size": size} for begin, size in zip(ramp.begins, ramp.sizes, strict=True)],
        "lr": to_spec(lr),
        "batch_size": to_spec(ramp.batch),
    }
    figure = _ramp_figure(ramp, lr)
    answer.give(numbers, lambda: f"{draw(figure)}\n\n  {ramp}\n  {ramp.saved:.0%} fewer updates", lambda: figure)


def _ramp_figure(ramp: Ramp, lr: Schedule) -> Figure:
    steps = sampled(ramp.steps, ramp.begins, POINTS)
    planned = sampled(ramp.plan.horizon.steps, ramp.plan.boundaries, POINTS)
    rates = Panel(
        (Series("plan", planned, ramp.plan(planned), faint=True), Series("ramp", steps, lr(steps))),
        "step",
        label_of(lr),
    )
    sizes = Series("batch size", steps, ramp.batch(steps), "steps")
    return Figure("A decay as a batch ramp", (rates, replace(rates, series=(sizes,), y_label="batch size")), str(ramp))
