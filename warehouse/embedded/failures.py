"""What goes wrong around a server of our own, told in one sentence each."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import TimeoutExpired

from warehouse.embedded.account import caller
from warehouse.errors import ServerError

MEBIBYTE = 2**20
SPACE_FOR_A_SERVER = 1024 * MEBIBYTE
LAST_SPACE = 16 * MEBIBYTE

NO_SPACE = "No space left on device"
TELLING = re.compile(r"\b(PANIC|FATAL|ERROR|[Ee]rror)\b")
# Last words that only say that something before them was wrong.
VAGUE = re.compile(r"contains errors|could not create any TCP/IP sockets")
REASON = re.compile(r"could not|unrecognized|invalid")
LIBRARY = re.compile(r"error while loading shared libraries: (\S+):")


@contextmanager
def in_plain_words(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses inside the block into a ServerError."""
    try:
        yield
    except TimeoutExpired as error:
        raise ServerError(
            f"{Path(error.cmd[0]).name} did not end within {error.timeout:.0f} s and was stopped; "
            "run the command again."
        ) from error
    except OSError as error:
        raise _translated(error, folder) from error


def _translated(error: OSError, folder: Path) -> ServerError:
    what = error.filename or folder
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full_disk(folder)
    if error.errno in (errno.EACCES, errno.EPERM):
        return ServerError(
            f"{what} is closed to user {caller()}: run this as the folder's owner or as "
            "root, or name another folder in WAREHOUSE_HOME."
        )
    return ServerError(f"{what}: {error.strerror}; WAREHOUSE_HOME can name another folder.")


def full_disk(folder: Path) -> ServerError:
    """The disk ran full, or would have."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // MEBIBYTE
    return ServerError(
        f"The disk that holds {folder} is too full ({free} MiB free, a new server takes 1024): free "
        "some space and run the command again; what was there before is kept."
    )


def require_space(folder: Path) -> None:
    """Refuse to begin what the disk cannot hold."""
    if shutil.disk_usage(folder).free < SPACE_FOR_A_SERVER:
        raise full_disk(folder)


def failed(what: str, output: str, folder: Path) -> ServerError:
    """A program of PostgreSQL's failed; its output or log says why."""
    # pg0 keeps the reason to itself.
    if NO_SPACE in output or shutil.disk_usage(folder).free < LAST_SPACE:
        return full_disk(folder)
    library = LIBRARY.search(output)
    if library:
        return ServerError(
            f"{what}: this machine lacks {library[1]}; install the package that holds it, or name "
            "a server of your own in WAREHOUSE_DATABASE_URL."
        )
    return ServerError(f"{what}: {gist(output)}")


def gist(output: str) -> str:
    """The line that says why: the last error, for a log's last line only says that it is over.

    >>> gist("LOG:  starting\\nFATAL:  out of memory\\nLOG:  database system is shut down\\n")
    'FATAL:  out of memory'
    >>> gist("LOG:  invalid value: \\"x\\"\\nFATAL:  configuration file \\"y\\" contains errors\\n")
    'LOG:  invalid value: "x"'
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    clear = [line for line in lines if not VAGUE.search(line)]
    errors = [line for line in clear if TELLING.search(line)]
    reasons = [line for line in clear if REASON.search(line)]
    return (errors[-1:] or reasons[:1] or lines[-1:] or ["it gave no reason"])[0]
