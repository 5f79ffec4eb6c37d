"""What the API is measured against: a constant body, bare statements, and the same report by an ORM.

`python -m bench.api_baseline constant|recorded|framework|driver|orm PORT` serves one of them as the API
itself is served: a constant body without a framework, and once it is recorded and committed as the API
does it, which is the least that an answer from memory costs; with FastAPI; an account's summary, asked
by the driver and passed on unseen, which is the least that a read over HTTP costs in Python; and what a
route usually does, a session, a query of mapped classes, and `response_model`.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from api import statements
from api.access import Access, open_recorder
from api.pools import connect_arguments
from api.routes.nouns import REPORTS
from api.settings import ServerSettings
from warehouse.db.target import primary
from warehouse.models.portfolio import PortfolioAccount
from warehouse.models.reference import Account

CONSTANT_BYTES = 20_000


class Marts(DeclarativeBase):
    """The marts as an ORM would map them."""


class MappedPosition(Marts):
    __tablename__ = "portfolio_positions"
    __table_args__ = {"schema": "marts"}  # noqa: RUF012 - SQLAlchemy wants it so

    account_id: Mapped[int] = mapped_column(primary_key=True)
    instrument_id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[str]
    asset_type: Mapped[str]
    currency: Mapped[str]
    base_currency: Mapped[str]
    quantity: Mapped[Decimal]
    average_price: Mapped[Decimal | None]
    mark_price: Mapped[Decimal | None]
    mark_day: Mapped[date | None]
    market_value: Mapped[Decimal | None]
    cost_basis: Mapped[Decimal]
    unrealized_pnl: Mapped[Decimal | None]
    realized_pnl: Mapped[Decimal]
    fx_rate: Mapped[Decimal | None]
    market_value_base: Mapped[Decimal | None]
    unrealized_pnl_base: Mapped[Decimal | None]
    realized_pnl_base: Mapped[Decimal | None]
    last_trade_at: Mapped[datetime | None]


class Position(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    account_hash: str
    instrument_id: int
    symbol: str
    asset_type: str
    currency: str
    base_currency: str
    quantity: Decimal
    average_price: Decimal | None
    mark_price: Decimal | None
    mark_day: date | None
    market_value: Decimal | None
    cost_basis: Decimal
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal
    fx_rate: Decimal | None
    market_value_base: Decimal | None
    unrealized_pnl_base: Decimal | None
    realized_pnl_base: Decimal | None
    last_trade_at: datetime | None


class Positions(BaseModel):
    data: list[Position]


def orm() -> FastAPI:
    keywords = primary().keywords()
    url = "postgresql+asyncpg://{user}:{password}@{host}:{port}/{dbname}".format(**keywords)
    engine = create_async_engine(url, pool_size=8, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/portfolios/{portfolio}/positions", response_model=Positions)
    async def positions(portfolio: int, limit: int = 100) -> dict[str, Any]:
        async with sessions() as session:
            return {"data": await _positions(session, portfolio, limit)}

    return app


def framework() -> FastAPI:
    app = FastAPI()
    body = b"x" * CONSTANT_BYTES

    @app.get("/")
    async def constant() -> Response:
        return Response(body, media_type="application/json")

    return app


def driver() -> Any:
    """Nobody is told apart, limited, recorded or logged."""
    (report,) = (each for each in REPORTS if each.name == "account_summary")
    statement = statements.page(report, (), "none")
    pool: Any = None

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal pool
        if scope["type"] == "lifespan":
            arguments = connect_arguments(primary(), ServerSettings())
            async with asyncpg.create_pool(**arguments) as pool:
                await _lifespan(receive, send)
            return
        if "summary" not in scope["path"]:  # whether it listens
            await _send(send, b"")
            return
        async with pool.acquire() as connection:
            row = await connection.fetchrow(statement, 1, scope["path"].split("/")[3])
        await _send(send, row["data"].encode())

    return app


def recorded() -> Any:
    """Nobody is told apart, limited or logged; each answer is recorded, many to one commit."""
    body, noted = b"x" * CONSTANT_BYTES, Access("bench", {"limit": 50}, 200, 50).noted()
    recorder: Any = None

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal recorder
        if scope["type"] == "lifespan":
            async with open_recorder(primary(), ServerSettings()) as recorder:
                await _lifespan(receive, send)
            return
        await recorder.keep(noted, "0" * 32)
        await _send(send, body)

    return app


async def _positions(session: AsyncSession, portfolio: int, limit: int) -> list[dict[str, Any]]:
    statement = (
        select(MappedPosition, Account.account_hash)
        .join(PortfolioAccount, PortfolioAccount.account_id == MappedPosition.account_id)
        .join(Account, Account.account_id == MappedPosition.account_id)
        .where(PortfolioAccount.portfolio_id == portfolio)
        .order_by(Account.account_hash, MappedPosition.instrument_id)
        .limit(limit)
    )
    found = await session.execute(statement)
    return [{**row.__dict__, "account_hash": account_hash} for row, account_hash in found]


def constant() -> Any:
    """Not even a framework: what the server itself can send."""
    body = b"x" * CONSTANT_BYTES

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await _send(send, body)

    return app


async def _lifespan(receive: Any, send: Any) -> None:
    for _ in ("startup", "shutdown"):
        message = await receive()
        await send({"type": f"{message['type']}.complete"})


async def _send(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    kind, port = sys.argv[1:]
    uvicorn.run(
        {each.__name__: each for each in (constant, recorded, framework, driver, orm)}[kind](),
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
