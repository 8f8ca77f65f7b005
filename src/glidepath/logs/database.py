"""SQLite files of others, opened with care: never written to, and no schema in them makes a question last for ever."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from glidepath.errors import LogError, shown
from glidepath.logs.files import called, is_file

MAGIC = b"SQLite format 3\x00"
OPCODES = 10_000  # of SQLite's machine, between two looks at the bound
FEWEST, OF_A_BYTE = 5_000_000, 100  # opcodes: what a small file may take, and a byte; a row of 40 bytes takes some 50
LONGEST = 2**24  # bytes of a value or a question
WAYS = ("mode=ro", "mode=ro&immutable=1")  # the second for a folder in which SQLite may not write its own files


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads; what SQLite refuses inside is a LogError that names the file."""
    if not is_file(path):
        raise LogError(f"expected a SQLite file at {called(path)}, got nothing that is one")
    try:
        with closing(_connected(path)) as connection:
            yield connection
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError, MemoryError) as error:
        reason = shown(str(error), 100)
        raise LogError(f"{called(path)}: expected a whole SQLite file, got one that cannot be read: {reason}") from None


def tables(path: Path, head: bytes) -> set[str]:
    """The names of the tables of a file that begins with `head`; none where it is no SQLite file."""
    if not head.startswith(MAGIC):
        return set()
    try:
        with database(path) as connection:
            return {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except LogError:
        return set()


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    """The names of the columns of a table."""
    return {str(name) for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _connected(path: Path) -> sqlite3.Connection:
    refusal: sqlite3.Error = sqlite3.OperationalError("no way to open it")
    for way in WAYS:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{way}", uri=True, timeout=1)
        try:
            _bound(connection, path.stat().st_size)
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            refusal = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise refusal


def _bound(connection: sqlite3.Connection, size: int) -> None:
    left = (FEWEST + OF_A_BYTE * size) // OPCODES

    def spent() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    connection.set_progress_handler(spent, OPCODES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    connection.text_factory = lambda text: text.decode(errors="replace")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
