"""The application: its routes, its problems, and what lives as long as it does."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import open_recorder
from api.cache import Cache
from api.credentials import Keys
from api.direct import Direct
from api.errors import install_handlers
from api.limits import Limits
from api.listening import open_listener
from api.logs import RequestLog
from api.pools import open_reader
from api.repeats import Repeats
from api.routes import batch, dashboard, docs, health, metrics
from api.routes.nouns import REPORTS
from api.routing import ReportRoute
from api.serving import Service
from api.settings import ServerSettings
from api.tokens import open_tokens
from api.tracing import Traced, provider_from_environment
from api.warming import Warmer
from warehouse.db.migrations import head
from warehouse.db.target import Target, primary, replica

SUMMARY = "Reports of the trading warehouse; everything here only reads."
DESCRIPTION = """
Ids, prices and money are strings, instants are RFC 3339 in UTC.
Lists come in pages: send `next_cursor` back as `cursor`, with the same filters, until it is null.
Whatever goes wrong is an RFC 9457 problem with a `code`, a `detail` and mostly a `hint`.
Every answer has an `X-Request-Id`, your own if you sent one.
"""


class Application(FastAPI):
    """FastAPI, behind what answers reports: the way through it would double what those cost."""

    front: ASGIApp
    repeats: Repeats | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        asks = scope["type"] == "http" and scope["method"] == "GET"
        if not asks or self.repeats is None or not await self.repeats.answered(scope, send):
            await self.front(scope, receive, send)


def create_app(
    settings: ServerSettings | None = None,
    target: Target | None = None,
    reads: Target | None = None,
) -> Application:
    """The API over a server, by default the ones that the environment names."""
    settings = settings or ServerSettings()
    provider = provider_from_environment()

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        try:
            async with AsyncExitStack() as stack:
                app.state.revision = head()
                service = await _open(
                    stack, settings, target or primary(), reads or target or replica()
                )
                app.state.service = service
                if provider is None:  # a span is of all requests
                    app.repeats = service.repeats
                yield
        except Exception as error:
            app.state.failure = error  # for server.py: its server passes only a text on
            raise

    app = Application(
        title="Tapehouse",
        version=version("tapehouse"),
        summary=SUMMARY,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # routes/docs.py serves it, and a page of our own
    )
    routes = [ReportRoute(report) for report in REPORTS]
    direct = Direct(partial(FastAPI.__call__, app), routes)
    app.front = RequestLog(Traced(direct, provider) if provider else direct)
    install_handlers(app)
    app.router.routes.extend(routes)  # for the documentation, and for other methods
    for others in (docs, health, metrics, batch, dashboard):
        app.include_router(others.router)
    app.mount("/static", StaticFiles(directory=docs.STATIC), name="static")
    return app


async def _open(
    stack: AsyncExitStack, settings: ServerSettings, target: Target, reads: Target
) -> Service:
    tokens = open_tokens(settings)
    reader = await stack.enter_async_context(open_reader(reads, settings))

    async def find(**by: object) -> list[object]:
        return await reader.rows("authenticate", **by)

    keys = Keys(find, settings.key_seconds, tokens)
    cache = Cache(settings.cache_megabytes * 2**20)
    warmer = Warmer(cache)
    listener = await stack.enter_async_context(
        open_listener(target, settings, keys.forget, warmer.on_generation)
    )
    recorder = await stack.enter_async_context(open_recorder(target, settings))
    limits = Limits(settings.rate_limit, settings.concurrency_limit)
    return Service(
        reader=reader,
        recorder=recorder,
        keys=keys,
        limits=limits,
        listener=listener,
        cache=cache,
        repeats=Repeats(cache, listener, limits, recorder),
        stream_seconds=settings.stream_timeout,
        batch_seconds=settings.statement_timeout,
    )
