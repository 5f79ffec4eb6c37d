"""The documentation is served from our own files, and describes what is served."""

import re

import httpx
import pytest

from api.routes.docs import STATIC
from api.routes.nouns import REPORTS
from api.routing import envelope
from api.schemas import Problem


async def test_the_root_leads_to_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


async def test_the_page_and_all_it_loads_come_from_here(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert "/static/swagger-ui-bundle.js" in loaded
    for address in loaded:
        if address != "data:,":
            assert address.startswith("/")
            assert (await client.get(address)).status_code == 200


@pytest.mark.parametrize("name", ["swagger-ui.css", "docs.html", "docs.js"])
def test_no_file_of_the_page_loads_from_elsewhere(name: str) -> None:
    text = (STATIC / name).read_text()
    assert not re.findall(r"(?:url\(|@import|src=|href=)[\"' ]*(?:https?:)?//", text)
    assert "@font-face" not in text


def test_the_licences_are_beside_the_files() -> None:
    assert "Apache License" in (STATIC / "swagger-ui.LICENSE").read_text()
    assert (STATIC / "swagger-ui.NOTICE").exists()
    assert (STATIC / "swagger-ui-bundle.js.LICENSE.txt").exists()


async def test_every_route_documents_its_problems(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    reports = {path: item for path, item in document["paths"].items() if path.startswith("/v1")}
    assert reports
    for item in reports.values():
        for operation in item.values():
            assert operation["summary"]
            assert {"200", "422", "500", "503", "504"} <= operation["responses"].keys()
            assert list(operation["responses"]["422"]["content"]) == ["application/problem+json"]


async def test_every_report_and_every_problem_has_an_example_that_fits(
    client: httpx.AsyncClient,
) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    for report in REPORTS:
        responses = paths[report.url]["get"]["responses"]
        example = responses["200"]["content"]["application/json"]["example"]
        envelope(report).model_validate(example)
        for status, response in responses.items():
            for media in response.get("content", {}).values():
                if int(status) >= 400:
                    assert Problem.model_validate(media["example"]).status == int(status)


async def test_every_reference_of_the_document_leads_somewhere(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    references = set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert references == answer.json()["components"]["schemas"].keys()
