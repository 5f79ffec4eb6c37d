"""What the API is measured against: a constant body, bare statements, and the same report by an ORM.

`python -m bench.api_baseline constant|recorded|framework|driver|orm PORT` serves one of them as the API
itself is served: a constant body without a framework, and once it is recorded and committed as the API
does it, which is the least that an answer from memory costs; with FastAPI; an account's summary or a
portfolio's history, asked by the driver and passed on unseen, which is the least that a read over HTTP
costs in Python; and what a route usually does, a session, a query of mapped classes, and
`response_model`.
"""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from api import statements
from api.access import Access, open_recorder
from api.pools import connect_arguments
from api.routes.nouns import REPORTS
from api.settings import ServerSettings
from warehouse.db.target import primary

CONSTANT_BYTES = 20_000


class Marts(DeclarativeBase):
    """The marts as an ORM would map them."""


class MappedDay(Marts):
    __tablename__ = "portfolio_history"
    __table_args__ = {"schema": "marts"}  # noqa: RUF012 - SQLAlchemy wants it so

    portfolio_id: Mapped[int] = mapped_column(primary_key=True)
    value_day: Mapped[date] = mapped_column(primary_key=True)
    base_currency: Mapped[str]
    account_count: Mapped[int]
    cash: Mapped[Decimal | None]
    equity: Mapped[Decimal | None]
    long_exposure: Mapped[Decimal | None]
    short_exposure: Mapped[Decimal | None]
    gross_exposure: Mapped[Decimal | None]
    net_exposure: Mapped[Decimal | None]
    external_flow: Mapped[Decimal | None]
    day_change: Mapped[Decimal | None]
    daily_return: Mapped[float | None]
    twr: Mapped[float | None]


class Day(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    value_day: date
    base_currency: str
    account_count: int
    cash: Decimal | None
    equity: Decimal | None
    long_exposure: Decimal | None
    short_exposure: Decimal | None
    gross_exposure: Decimal | None
    net_exposure: Decimal | None
    external_flow: Decimal | None
    day_change: Decimal | None
    daily_return: float | None
    twr: float | None


class History(BaseModel):
    data: list[Day]


def orm() -> FastAPI:
    keywords = primary().keywords()
    url = "postgresql+asyncpg://{user}:{password}@{host}:{port}/{dbname}".format(**keywords)
    engine = create_async_engine(url, pool_size=ServerSettings().pool_size, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/portfolios/{portfolio}/history", response_model=History)
    async def history(portfolio: int, limit: int = 100) -> dict[str, Any]:
        days = select(MappedDay).where(MappedDay.portfolio_id == portfolio)
        async with sessions() as session:
            found = await session.scalars(days.order_by(MappedDay.value_day).limit(limit))
            return {"data": found.all()}

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
    reports = {report.name: statements.page(report, (), "none") for report in REPORTS}
    # By the last word of the path: the statement, and what it is given besides the subject.
    asked: dict[str, tuple[str, Callable[[str], tuple[object, ...]]]] = {
        "summary": (reports["account_summary"], lambda account: (account,)),
        "history": (reports["portfolio_history"], lambda one: (int(one), None, None, None, 50)),
    }
    pool: Any = None

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal pool
        if scope["type"] == "lifespan":
            arguments = connect_arguments(primary(), ServerSettings())
            async with asyncpg.create_pool(**arguments) as pool:
                await _lifespan(receive, send)
            return
        *_, subject, word = scope["path"].split("/")
        if word not in asked:  # whether it listens
            await _send(send, b"")
            return
        statement, arguments_of = asked[word]
        async with pool.acquire() as connection:
            row = await connection.fetchrow(statement, 1, *arguments_of(subject))
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
