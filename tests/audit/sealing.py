"""What the tests of the seals share: a key, a small history, and ways to seal, verify and tamper."""

from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection, connect

from warehouse.audit.findings import Finding, Report
from warehouse.audit.heads import Head, Keys, fingerprint
from warehouse.audit.seal import Limits, Sealed, seal_next, sealing
from warehouse.audit.verify import Connect, verify
from warehouse.db.target import Target

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
TRADE = """
    insert into trading.trades (
        account_id, executed_at, trade_id, instrument_id, side, quantity, price, source_id
    )
    select 1, timestamptz '2026-01-05 14:30+00' + g * interval '1 second', {first} + g, 1, 'buy', 10, 100.50 + g, 1
    from generate_series(0, {count} - 1) as g
"""
BAR = """
    insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close, volume)
    values (1, '1d', '2026-01-05', 1, 1.10, 2, 1, 1.5, 100)
"""


def trusting(*keys: Ed25519PrivateKey) -> Keys:
    return {fingerprint(key.public_key()): key.public_key() for key in keys}


def book(conn: Connection[Any], first: int, count: int = 1) -> int:
    """Trades with ids from `first` on, in one statement; its event."""
    conn.execute(TRADE.format(first=first, count=count))
    return last_event(conn)


def last_event(conn: Connection[Any]) -> int:
    row = conn.execute("select max(event_id) from audit.events").fetchone()
    assert row
    event_id: int = row[0]
    return event_id


def history(conn: Connection[Any]) -> dict[str, int]:
    """A few events of each kind; their ids by what they are."""
    made = {"one": book(conn, 100), "five": book(conn, 200, 5), "bar": 0, "restated": 0}
    conn.execute(BAR)
    made["bar"] = last_event(conn)
    conn.execute("update market.bars set close = 1.75")
    made["restated"] = last_event(conn)
    conn.execute("update reference.accounts set display_name = 'Z' where account_id = 1")
    made["renamed"] = last_event(conn)
    made["last"] = book(conn, 300)
    return made


def seal_all(
    conn: Connection[Any],
    key: Ed25519PrivateKey = KEY,
    trusted: Keys | None = None,
    limits: Limits | None = None,
) -> list[Sealed]:
    """Everything that is pending."""
    trusted = trusted or trusting(KEY)
    with sealing(conn):
        return list(iter(lambda: seal_next(conn, key, trusted, limits), None))


def check(
    opened: Connect | Target,
    since: datetime | None = None,
    published: dict[int, Head] | None = None,
    trusted: Keys | None = None,
) -> Report:
    """What `verify` reports."""
    if isinstance(opened, Target):
        keywords = opened.keywords(options="-c timezone=UTC")
        return check(lambda: connect(**keywords, autocommit=True), since, published, trusted)
    return verify(opened, trusted or trusting(KEY), since, published)


def tamper(conn: Connection[Any], *statements: str) -> None:
    """What a superuser can do who takes the guards away first."""
    guarded = ("trading.trades", "market.bars", "reference.accounts", "audit.events")
    for table in (*guarded, "audit.images", "audit.seals", "audit.shapes"):
        conn.execute(f"alter table {table} disable trigger all")
    for statement in statements:
        assert conn.execute(statement).rowcount > 0, statement


def told(findings: list[Finding]) -> str:
    return "\n".join(f"{each.what}: {each.told}" for each in findings)
