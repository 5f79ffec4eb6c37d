"""Reports on the market: what can be traded."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api import cursors
from api.deps import REPORT_PROBLEMS, VERSION, Reading, problems
from api.formats import json_page
from api.schemas import AssetType, InstrumentPage, SearchText

router = APIRouter(prefix=f"{VERSION}/market", tags=["market"], responses=REPORT_PROBLEMS)


class InstrumentSearch(BaseModel, extra="forbid"):
    """Which instruments, and how many at a time."""

    q: SearchText | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="What the symbol starts with, or the company's name holds; case is ignored.",
        examples=["AAPL"],
    )
    asset_type: AssetType | None = Field(default=None, description="Only of this kind.")
    active: bool | None = Field(default=None, description="Only those traded now, or only others.")
    limit: int = Field(default=50, ge=1, le=500, description="Rows of a page at most.")
    cursor: str | None = Field(
        default=None, max_length=cursors.LONGEST, description="`next_cursor` of the page before."
    )


@router.get(
    "/instruments",
    response_model=InstrumentPage,
    responses=problems(_400="The cursor is damaged, or another query's."),
)
async def instruments(search: Annotated[InstrumentSearch, Query()], reader: Reading) -> Response:
    """Search the instruments by symbol or name, in the order of their symbols."""
    query = {
        "report": "market_instruments",
        **search.model_dump(include={"q", "asset_type", "active"}),
    }
    symbol, key = cursors.decode(search.cursor, query, str, int) if search.cursor else (None, None)
    rows = await reader.rows(
        "market_instruments",
        matching=search.q,
        of_type=search.asset_type,
        active=search.active,
        after_symbol=symbol,
        after_id=key,
        page_size=search.limit + 1,
    )
    page = rows[: search.limit]
    last = page[-1] if len(rows) > search.limit else None
    following = cursors.encode(query, last["symbol"], int(last["instrument_id"])) if last else None
    return json_page(page, following)
