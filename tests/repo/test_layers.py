"""Imports go one way, so that a part can be understood, and replaced, without those above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import CHECKOUT

# From the bottom up; a part may import its own layer and those before it.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "settings", "clock"),
    ("embedded", "sql"),
    ("access", "db"),
    ("models",),
    ("audit",),
    ("partitions",),
    ("ingest",),
    ("refresh",),
    ("demo",),
    ("observe", "jobs"),
    ("cli", "__main__"),
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
MODULES = sorted((CHECKOUT / "warehouse").rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def part_of(path: Path) -> str:
    return path.relative_to(CHECKOUT / "warehouse").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(CHECKOUT)))
def test_no_module_imports_from_above(path: Path) -> None:
    if part_of(path) == "__init__":
        return
    level = LEVEL[part_of(path)]
    above = [
        module
        for module in imported(path)
        if module.startswith("warehouse.") and LEVEL[module.split(".")[1]] > level
    ]
    assert above == []


def test_the_warehouse_never_imports_the_api() -> None:
    assert not [p for p in MODULES for module in imported(p) if module.split(".")[0] == "api"]


def test_the_api_imports_only_the_base() -> None:
    allowed = {"errors", "settings", "clock", "sql", "access", "db"}
    beyond = [
        (str(path), module)
        for path in sorted((CHECKOUT / "api").rglob("*.py"))
        for module in imported(path)
        if module.startswith("warehouse.") and module.split(".")[1] not in allowed
    ]
    assert beyond == []
