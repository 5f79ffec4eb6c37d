"""The warehouse's SQL: one statement a file, line 1 what it answers, line 2 its grain or its lock."""

from functools import cache
from importlib.resources import files
from typing import LiteralString


@cache
def query(name: str) -> LiteralString:
    """The text of warehouse/sql/<name>.sql, as the driver takes it: `query("access/list_roles")`."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
