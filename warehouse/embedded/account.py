"""The operating-system user the server runs as: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import ServerError

STAND_INS_FOR_ROOT = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user, and whether the caller has to become it first.

    `lock` is a descriptor that programs inherit: when the caller is killed, what it began to unpack
    or to make ends by itself, and the next run waits for that.
    """

    name: str
    uid: int
    gid: int
    switch: bool
    lock: int | None = None

    def run(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        timeout: float,
        variables: Mapping[str, str] | None = None,
        leaves_behind: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end in a session of its own, so that Ctrl-C does not reach it.

        The environment is made anew: the server would keep the caller's, secrets and all, for as
        long as it runs, and PG* variables would steer its programs. A program that leaves others
        behind does not hold the lock.
        """
        held = [] if self.lock is None or leaves_behind else [self.lock]
        return subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C", **(variables or {})},
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=timeout,
            start_new_session=True,
            umask=0o077,
            pass_fds=held,
            **self._identity(),
        )

    def _identity(self) -> dict[str, Any]:
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand a file or folder of ours to the user."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def may_enter(self, folder: Path) -> bool:
        """Whether the user can reach into the folder: asked as that user, so that ACLs count too."""
        asked = self.run(["test", "-x", folder], folder=Path("/"), timeout=10)
        return asked.returncode == 0


def server_account(data: Path, lock: int | None = None) -> Account:
    """The user for the server in `data`: its owner where it exists, never root."""
    if os.geteuid() != 0:
        return Account(caller(), os.geteuid(), os.getegid(), switch=False, lock=lock)
    owner = data.stat().st_uid if data.exists() else 0
    found = _passwd(owner) if owner else _first(STAND_INS_FOR_ROOT)
    if found is None:
        raise ServerError(
            f"PostgreSQL refuses to run as root, and there is no user {owner or 'postgres'} to run "
            "it as: make one (useradd --system postgres), or run this as an ordinary user."
        )
    return Account(found.pw_name, found.pw_uid, found.pw_gid, switch=True, lock=lock)


def caller() -> str:
    """The name of the user this process acts as, or its number where it has none."""
    found = _passwd(os.geteuid())
    return found.pw_name if found else str(os.geteuid())


def _first(names: Sequence[str]) -> pwd.struct_passwd | None:
    users = {user.pw_name: user for user in pwd.getpwall()}
    return next((users[name] for name in names if name in users), None)


def _passwd(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None
