"""What must never be in the repository."""

import re
import subprocess

from tests.server import CHECKOUT


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (CHECKOUT / name).is_file()]


def offending(pattern: str) -> list[str]:
    """The places, outside vendored files, that match."""
    found = []
    for name in tracked():
        if name.startswith("api/static/") or name == "tests/repo/test_tree.py":
            continue
        text = (CHECKOUT / name).read_text(encoding="utf-8", errors="replace")
        found += [f"{name}: {hit[0]}" for hit in re.finditer(pattern, text)]
    return found


def test_no_download_host_is_named() -> None:
    """Someone else's machine reaches its packages elsewhere, and a lock must serve both."""
    assert offending(r"pythonhosted|pypi\.org|registry\.npmjs|deb\.debian") == []


def test_no_path_of_a_developers_machine_is_named() -> None:
    assert offending(r"(?<![\w.{])/(root|home/\w+|Users/\w+|work)/[\w.]+") == []


def test_dbt_is_no_python_package() -> None:
    """One `__init__.py` there and `import dbt` finds our folder instead of dbt."""
    assert not list((CHECKOUT / "dbt").rglob("__init__.py"))


def test_every_sql_file_begins_with_what_it_answers() -> None:
    silent = [
        name
        for name in tracked()
        if name.startswith(("warehouse/sql/", "api/sql/", "migrations/sql/"))
        and name.endswith(".sql")
        and not (CHECKOUT / name).read_text().startswith("-- ")
    ]
    assert silent == []
