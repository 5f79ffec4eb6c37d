"""An application that serves, without a server, for as long as a test needs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.settings import ServerSettings
from warehouse.db.target import Target


@asynccontextmanager
async def started(target: Target, settings: ServerSettings) -> AsyncIterator[FastAPI]:
    app = create_app(settings, target)
    async with app.router.lifespan_context(app):
        yield app


def client_of(app: FastAPI, key: str | None = None) -> httpx.AsyncClient:
    """A client to whom an error of the application is answered, as a server would."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers)
