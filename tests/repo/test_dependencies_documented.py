"""Every dependency has its reason in docs/decisions/dependencies.md, and every reason a dependency."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from tests.server import CHECKOUT

PAGE = CHECKOUT / "docs" / "decisions" / "dependencies.md"
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (.+) \|$", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9._-]+")


def declared() -> Iterator[str]:
    """The names in pyproject.toml: what it runs with, its extras, and the groups for developers."""
    content: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    project = content["project"]
    extras = project.get("optional-dependencies", {})
    groups = content["dependency-groups"]
    for requirements in (project["dependencies"], *extras.values(), *groups.values()):
        for requirement in requirements:
            if isinstance(requirement, str):  # a group may include another
                found = NAME.match(requirement)
                assert found
                yield found[0].lower()


def test_the_page_and_the_project_name_the_same_packages() -> None:
    assert {name for name, _ in ROW.findall(PAGE.read_text())} == set(declared())


def test_every_package_has_one_reason() -> None:
    rows = ROW.findall(PAGE.read_text())
    assert len({name for name, _ in rows}) == len(rows)
    assert [name for name, reason in rows if len(reason) < 10] == []
