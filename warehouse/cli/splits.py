"""`warehouse splits`: book the splits that have come into effect."""

from warehouse.cli.output import Json, emit, lines
from warehouse.cli.partition_options import connection
from warehouse.ingest.booking.splits import book_splits


def splits(as_json: Json = False) -> None:
    """Make positions what splits have made of them, each with its event; run it each day before trading.

    Example: warehouse splits
    """
    with connection() as conn, conn.transaction():
        booked = book_splits(conn)
    emit({"booked": booked}, as_json, lambda _: lines([f"{booked} positions changed."]))
