"""What is said and written is said and written as the docstrings show."""

import doctest
import errno
from pathlib import Path
from types import ModuleType

import pytest

from warehouse.embedded import config, failures
from warehouse.errors import ServerError


@pytest.mark.parametrize("module", [config, failures])
def test_docstrings_hold(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "is too full"),
        (errno.EACCES, "is closed to user"),
        (errno.EROFS, "Read-only file system"),
    ],
)
def test_what_the_system_refuses_is_one_sentence(
    number: int, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(ServerError, match=sentence) as raised, failures.in_plain_words(tmp_path):
        raise OSError(number, "Read-only file system", str(tmp_path))
    assert "\n" not in str(raised.value)


def test_a_disk_that_fills_up_under_postgresql_is_told_as_such(tmp_path: Path) -> None:
    log = 'PANIC:  could not write to file "pg_wal/xlogtemp.7": No space left on device\n'
    assert "is too full" in str(failures.failed("It did not start", log, tmp_path))


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    output = "postgres: error while loading shared libraries: libgssapi_krb5.so.2: cannot open"
    told = str(failures.failed("It cannot be run", output, tmp_path))
    assert "lacks libgssapi_krb5.so.2; install" in told
