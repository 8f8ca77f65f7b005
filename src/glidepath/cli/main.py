"""The front desk: `glidepath COMMAND`, each command in a file of its own, loaded when it is called."""

import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

import click

from glidepath.errors import GlidepathError

# command -> what it does, in the order shown
COMMANDS = {
    "recommend": "A recipe for a task, with a reason and a source for each number.",
    "find": "The peak learning rate, by short trainings of your own script, or a range test.",
    "show": "Draw a schedule, or a run from its log, and say its numbers.",
    "list": "The schedules that have a name, with their pictures, formulas and sources.",
    "diff": "Where, and by how much, two schedules differ.",
    "check": "What looks wrong in a schedule, before it costs a run.",
    "convert": "A schedule in another form, or in another library's words.",
    "scale": "A training at another batch size: what to change with it, and what stays.",
    "audit": "Which schedule a run really had, from its log alone, and what is wrong with it.",
    "diagnose": "What went wrong in a run, or in a folder of them, and what to try.",
    "report": "Runs as one page or picture, findings where they are, compared where they can be.",
    "resume": "How a schedule, or a run, goes on from a step: before and after, by every policy.",
    "amend": "Change the schedule of a run under way.",
    "demo": "Choose, find, run, compare and report, on a real training.",
}
WRONG_USE, INTERRUPTED, DEFECT = 2, 130, 70  # the exit codes that shells and scripts know; sysexits.h has the last
MOST = 200  # characters of a defect's own words


class Desk(click.Group):
    """Commands by name, imported on use, so that one does not pay for another's libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name, or None for an unknown one."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"glidepath.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table itself: help imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Desk, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="glidepath")
def desk() -> None:
    """Learning-rate schedules: choose, find, run, watch, resume, compare.

    \b
    Examples:
      glidepath show "warmup(2%) >> cosine(to=0.1)" --horizon 100k --peak 3e-4
      glidepath diff training_args.json pretrain.sh
      glidepath COMMAND --help

    Exit codes: 0 fine, 1 findings or a difference, 2 wrong use, 130 interrupted.
    """


def main() -> None:
    """Run a command; bad input ends in one sentence and exit code 2, an interrupt in 130."""
    _yield_to_the_shell()
    try:
        sys.exit(desk(standalone_mode=False))  # what a command ended with: nothing, or the code of a finding
    except GlidepathError as error:
        _end(str(error), WRONG_USE)
    except click.UsageError as error:
        _end_usage(error)
    except click.ClickException as error:
        _end(error.format_message(), WRONG_USE)
    except (click.Abort, KeyboardInterrupt):
        _end("interrupted; what was done is kept, and the same command goes on from there", INTERRUPTED)
    except OSError as error:
        _end(f"the system refused {error.filename or 'a file'}: {error.strerror}", WRONG_USE)
    except Exception as error:  # noqa: BLE001 - a defect of ours is no reason for a page of it
        at = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} in {Path(at.filename).name}, line {at.lineno}: {str(error)[:MOST]}"
        _end(f"a defect of glidepath, not of yours; please report it with the command: {what}", DEFECT)


def _yield_to_the_shell() -> None:
    """End as other programs do where a pipe closes (`| head`); replace letters that the output cannot carry."""
    with suppress(AttributeError):  # Windows has no such signal
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _end_usage(error: click.UsageError) -> None:
    """One sentence and where to read on; the whole help where there was nothing but the name."""
    message = error.format_message()
    if "\n" in message:
        click.echo(message, err=True)
        sys.exit(WRONG_USE)
    path = error.ctx.command_path if error.ctx else "glidepath"
    _end(f"{message.rstrip('.')}; {path} --help says more", WRONG_USE)


def _end(sentence: str, code: int) -> None:
    click.echo(f"glidepath: {sentence}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
