"""Making a data folder: it appears whole or not at all."""

import shutil
from pathlib import Path

from warehouse.embedded import config
from warehouse.embedded.binaries import Binaries
from warehouse.embedded.failures import failed, require_space
from warehouse.embedded.places import Places, begin
from warehouse.embedded.records import SUPERUSER, new_password
from warehouse.errors import ServerError

BUILTIN_LOCALES_SINCE = 17


def ensure_cluster(here: Places, binaries: Binaries, durable: bool) -> None:
    """Make the data folder, unless one that these binaries can run is there."""
    if not here.data.exists():
        _make(here, binaries, durable)
    _require_same_major(here.data, binaries)


def _make(here: Places, binaries: Binaries, durable: bool) -> None:
    require_space(here.folder)
    begun = begin(here.data)
    try:
        binaries.account.own(begun)
        _initdb(begun, here, binaries, durable)
        with (begun / "postgresql.conf").open("a") as file:
            file.write(f"\ninclude '{config.FILE}'\n")
        begun.rename(here.data)
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def _initdb(begun: Path, here: Places, binaries: Binaries, durable: bool) -> None:
    pwfile = begun.with_name(begun.name + ".password")
    pwfile.touch(mode=0o600)
    try:
        pwfile.write_text(new_password(here.home) + "\n")
        binaries.account.own(pwfile)
        told = binaries.run("initdb", *_arguments(begun, pwfile, binaries, durable))
    finally:
        pwfile.unlink(missing_ok=True)
    if told.returncode:
        raise failed("PostgreSQL's data folder could not be made", told.stderr, here.folder)


def _arguments(begun: Path, pwfile: Path, binaries: Binaries, durable: bool) -> list[str]:
    arguments = [
        f"--pgdata={begun}",
        f"--username={SUPERUSER}",
        f"--pwfile={pwfile}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    ]
    if binaries.major >= BUILTIN_LOCALES_SINCE:
        arguments.append("--locale-provider=builtin")
    return arguments if durable else [*arguments, "--no-sync"]


def made_by(data: Path) -> str | None:
    """The major version that made the data folder, or None where there is no such folder."""
    try:
        return (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def _require_same_major(data: Path, binaries: Binaries) -> None:
    made = made_by(data)
    if made is None:
        raise ServerError(f"{data} is no data folder of PostgreSQL: move it away, and run again.")
    if made != str(binaries.major):
        raise ServerError(
            f"{data} was made by PostgreSQL {made}, and {binaries.bin_dir} is PostgreSQL "
            f"{binaries.version}: carry the data over with pg_upgrade, or run `make clean` for a "
            "new, empty server; nothing was changed."
        )
