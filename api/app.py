"""The application: its routes, its problems, and the read pool that lives as long as it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api.errors import install_handlers
from api.logs import RequestLog
from api.pools import open_reader
from api.routes import docs, health, market
from api.settings import ServerSettings
from warehouse.db.migrations import head
from warehouse.db.target import Target, replica

SUMMARY = "Reports of the trading warehouse; everything here only reads."
DESCRIPTION = """
Ids, prices and money are strings, instants are RFC 3339 in UTC.
Lists come in pages: send `next_cursor` back as `cursor`, with the same filters, until it is null.
Whatever goes wrong is an RFC 9457 problem with a `code`, a `detail` and mostly a `hint`.
Every answer has an `X-Request-Id`, your own if you sent one.
"""


def create_app(settings: ServerSettings | None = None, target: Target | None = None) -> FastAPI:
    """The API over a server, by default the one that the environment names for reads."""
    settings = settings or ServerSettings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            app.state.revision = head()
            async with open_reader(target or replica(), settings) as reader:
                app.state.reader = reader
                yield
        except Exception as error:
            app.state.failure = error  # for server.py: its server passes only a text on
            raise

    app = FastAPI(
        title="Tapehouse",
        version=version("tapehouse"),
        summary=SUMMARY,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # routes/docs.py serves it, and a page of our own
    )
    app.add_middleware(RequestLog)
    install_handlers(app)
    for routes in (docs, health, market):
        app.include_router(routes.router)
    app.mount("/static", StaticFiles(directory=docs.STATIC), name="static")
    return app
