"""Programs in processes of their own that start at once: forked from one that has imported the libraries already.

Such a process is as whole as one from a command line: its own streams, folder, environment, exit code and signals, and
every module of ours imported anew. What it does not pay again is the import of the libraries.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

# None of ours. The compiler of torch is what its first optimizer imports, and costs as much as all the rest of it.
DESK = ("numpy", "click", "rich.console", "rich.progress", "rich.table", "matplotlib.figure")
TORCH = (*DESK, "torch", "torch._dynamo")


class Template:
    """The process that the others are forked from, every warning an error; it ends with the one that asks it."""

    def __init__(self, libraries: tuple[str, ...]) -> None:
        self.channel, theirs = socket.socketpair()
        self.compiled = tempfile.TemporaryDirectory()
        command = [sys.executable, "-W", "error", __file__, str(theirs.fileno()), self.compiled.name, *libraries]
        alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # threads do not go through a fork
        with theirs:  # in a session of its own, as a Ctrl-C is for the tests to act on
            self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True, env=alone)
        self.lines = self.channel.makefile("rw")
        atexit.register(self.end)

    def ask(self, **request: Any) -> Any:
        print(json.dumps(request), file=self.lines, flush=True)
        return json.loads(self.lines.readline())

    def end(self) -> None:
        self.lines.close()
        self.channel.close()
        self.process.wait()
        self.compiled.cleanup()


@cache
def template(libraries: tuple[str, ...]) -> Template:
    return Template(libraries)


class Started:
    """`python -W error -m module arguments...`, or the file of a program in place of the module."""

    def __init__(
        self,
        program: str | Path,
        *arguments: object,
        libraries: tuple[str, ...] = DESK,
        piped: str = "",
        **environ: str,
    ) -> None:
        self.template, self.ended = template(libraries), None
        self.arguments = [str(program), *map(str, arguments)]
        self.folder = tempfile.TemporaryDirectory()
        self.streams = [Path(self.folder.name, name) for name in ("in", "out", "err")]
        for stream, text in zip(self.streams, (piped, "", ""), strict=True):
            stream.write_text(text)
        self.pid = self.template.ask(
            arguments=self.arguments,
            is_module=isinstance(program, str),
            folder=str(Path.cwd()),
            environ={**os.environ, **environ},
            streams=list(map(str, self.streams)),
        )

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self.ended is None:
            self.ended = self.template.ask(wait=self.pid, how=os.WNOHANG)
        return self.ended

    def finished(self, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """How it ended and what it said."""
        if self.ended is None:
            with ended_by(self.pid, timeout):
                self.ended = self.template.ask(wait=self.pid, how=0)
        said = [stream.read_text() for stream in self.streams[1:]]
        self.folder.cleanup()
        return subprocess.CompletedProcess(self.arguments, self.ended, *said)


@contextmanager
def ended_by(pid: int, timeout: float) -> Iterator[None]:
    """A process that takes longer is killed, of which its exit code tells."""
    clock = threading.Timer(timeout, os.kill, (pid, signal.SIGKILL))
    clock.start()
    yield
    clock.cancel()
    clock.join()


def serve(number: int) -> dict[str, Any] | None:
    """In the template: answers until nobody asks; in a process forked from it: what that is to become."""
    with socket.socket(fileno=number) as channel, channel.makefile("rw") as lines:
        for line in lines:
            request = json.loads(line)
            if "wait" in request:
                pid, status = os.waitpid(request["wait"], request["how"])
                answer = os.waitstatus_to_exitcode(status) if pid else None
            elif not (answer := os.fork()):
                return request
            print(json.dumps(answer), file=lines, flush=True)
    return None


def become(arguments: list[str], *, is_module: bool, folder: str, environ: dict[str, str], streams: list[str]) -> None:
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_WRONLY if number else os.O_RDONLY), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = arguments
    sys.path[0] = folder if is_module else str(Path(arguments[0]).parent)
    if is_module:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    for library in sys.argv[3:]:
        import_module(library)
    sys.pycache_prefix, sys.dont_write_bytecode = sys.argv[2], False  # ours are imported anew, but compiled once
    gc.freeze()  # or each process would visit, and so copy, all that is imported
    asked = serve(int(sys.argv[1]))
    if asked:
        become(**asked)
