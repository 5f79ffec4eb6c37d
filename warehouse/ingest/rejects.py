"""Rejected rows: kept aside while a load may still be refused, then filed with it; read by operators."""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from warehouse.ingest.rows import Reject
from warehouse.sql import query

IN_MEMORY = 8 << 20
PAGE = 1_000
WITHHELD = "(not kept: it holds an account number)"
VALUE = re.compile('".*"', re.DOTALL)
COPY = "copy ops.ingest_rejects (batch_id, file_name, line_no, raw, reasons) from stdin"


class Spool:
    """The rejects of one load, in a file once they are many."""

    def __init__(self, *, is_secret: bool = False) -> None:
        self._is_secret = is_secret
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed with the spool
            IN_MEMORY, "w+", encoding="utf-8", newline="\n"
        )
        self.count = 0

    def add(self, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            kept = _without_values(reject) if self._is_secret else reject
            self._file.write(json.dumps(kept) + "\n")
            self.count += 1

    def file(self, conn: Connection[Any], batch_id: int, name: str | None) -> None:
        """Write them under their load."""
        if not self.count:
            return
        with conn.cursor() as cursor, cursor.copy(COPY) as copy:
            for line, raw, reasons in self._rows():
                copy.write_row((batch_id, name, line, raw, Jsonb(reasons)))

    def close(self) -> None:
        self._file.close()

    def _rows(self) -> Iterator[tuple[int, str, dict[str, str]]]:
        self._file.seek(0)
        for row in self._file:
            line, raw, reasons = json.loads(row)
            yield line, raw, reasons


def _without_values(reject: Reject) -> Reject:
    """What is in the wrong column, or in a row that could not be read, may be the secret itself."""
    reasons = {name: VALUE.sub('"…"', why) for name, why in reject.reasons.items()}
    return Reject(reject.line, WITHHELD, reasons)


def rejects_of(conn: Connection[Any], batch_id: int) -> Iterator[dict[str, Any]]:
    """The rows that a load turned away, in the order of the file."""
    after = 0
    with conn.cursor(row_factory=dict_row) as cursor:
        while True:
            asked = {"batch_id": batch_id, "after": after, "rows": PAGE}
            found = cursor.execute(query("ingest/list_rejects"), asked).fetchall()
            yield from found
            if len(found) < PAGE:
                return
            after = found[-1]["reject_id"]
