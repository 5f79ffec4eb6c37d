"""What .env.example says: each name with its value, and whether it is set or only shown."""

import re
from dataclasses import dataclass

from tests.server import CHECKOUT

LINE = re.compile(r"(#?)([A-Z][A-Z0-9_]*)=(.*)")


@dataclass(frozen=True)
class Entry:
    name: str
    value: str
    is_set: bool
    explanation: str


def documented() -> list[Entry]:
    """The entries in the order of the file, with the comment above each."""
    entries, above = [], ""
    for line in (CHECKOUT / ".env.example").read_text().splitlines():
        found = LINE.fullmatch(line)
        if found:
            entries.append(Entry(found[2], found[3], not found[1], above))
        above = line.removeprefix("# ") if line.startswith("# ") and not found else ""
    return entries
