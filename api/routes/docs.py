"""The OpenAPI document and a page that shows it, from files of our own: it works without a network."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, RedirectResponse

from api import examples
from api.formats import json_answer
from api.routes.nouns import REPORTS
from api.schemas import Problem

STATIC = Path(__file__).parents[1] / "static"
# The page may load nothing but these files; the browser sees to it.
POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def root() -> RedirectResponse:
    return RedirectResponse("/docs")


@router.get("/docs")
async def page() -> FileResponse:
    return FileResponse(STATIC / "docs.html", headers={"Content-Security-Policy": POLICY})


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    return json_answer(document(request.app))


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once; it knows the problems, which no route returns by type."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        rows = {report.row.__name__ for report in REPORTS}
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = problem.pop("$defs", {})
        schema["components"]["schemas"] |= {**parts, "Problem": problem}
        schema["components"]["securitySchemes"] = {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A key of `warehouse keys create`, or a signed token that stands for one.",
            }
        }
        for report in REPORTS:  # FastAPI would leave out what is null in them
            answer = schema["paths"][report.url]["get"]["responses"]["200"]
            answer["content"]["application/json"]["example"] = examples.answer(report)
        for name in rows:
            # `fields` may leave out any of them.
            schema["components"]["schemas"][name].pop("required", None)
        app.openapi_schema = schema
    return app.openapi_schema
