"""`warehouse marts`: which rollups and materialized views there are, how new and how large."""

from dataclasses import asdict
from typing import Any

from warehouse.cli.output import Json, emit, table
from warehouse.cli.refresh import Only, connection
from warehouse.refresh.marts import Freshness, MartKind, read_freshness, read_marts

MEGABYTE = 1_000_000


def marts(only: Only = None, as_json: Json = False) -> None:
    """List what is built: generation, lag, last run, rows and size.

    Example: warehouse marts --json
    """
    with connection() as conn:
        found = read_marts(conn, only or [])
        state = {each.relation: each for each in read_freshness(conn, found)}
    rows = [{**asdict(mart), **asdict(state[mart.relation])} for mart in found]
    told = [_shown(mart.kind, state[mart.relation]) for mart in found]
    emit(rows, as_json, lambda _: table(told, "Nothing was built yet; run `warehouse build`."))


def _shown(kind: MartKind, state: Freshness) -> dict[str, Any]:
    return {
        "relation": state.relation,
        "kind": kind.value,
        "generation": state.generation,
        "as of": state.as_of and f"{state.as_of:%Y-%m-%d %H:%M:%S}",
        "lag": "none" if state.lag is None else f"{state.lag.total_seconds():.0f} s",
        "last run": state.last_run and f"{state.last_run:%Y-%m-%d %H:%M:%S} {state.last_state}",
        "rows": state.row_estimate,
        "MB": f"{state.bytes / MEGABYTE:.1f}",
    }
