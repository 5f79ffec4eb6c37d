"""Whatever is sent, the answer is a problem that says so: never a 500, never a slow query."""

from collections.abc import Iterator
from itertools import product

import httpx

from api.routes.nouns import REPORTS
from tests.api.test_reports import NEEDED, address
from tests.api.world import ONE

TEXTS = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "%F4%90%80%80",
    "99999999999999999999999999",
    "-99999999999999999999999999",
    "9223372036854775808",
    "1e308",
    "NaN",
    "-infinity",
    "0x10",
    "%C2%B2",
    "1;select pg_sleep(5)",
    "' or 1=1 --",
    "'; drop schema api cascade; --",
    "$1",
    "%25s%25s%25n",
    "{{7*7}}",
    "../../etc/passwd",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00%2B23:59",
    "2026-02-30T00:00:00Z",
    "2026-01-01T25:00:00Z",
    "a" * 7_000,
    "%E2%80%AE" * 50,
    "",
)


# Read by the same lines for every report, whatever its own columns are: one report stands for all.
ALIKE = {"format", "limit", "count"}


def parameters() -> Iterator[tuple[str, str]]:
    for report in REPORTS:
        for name, field in report.asking.model_fields.items():
            if name not in ALIKE or report is REPORTS[0]:
                yield report.name, field.alias or name


async def test_no_text_in_any_parameter_breaks_a_report(
    client: httpx.AsyncClient, world: None
) -> None:
    by_name = {report.name: report for report in REPORTS}
    for (name, parameter), text in product(parameters(), TEXTS):
        report = by_name[name]
        kept = {k: v for k, v in NEEDED.items() if k != parameter}
        needed = {f.alias or n for n, f in report.filters.model_fields.items() if f.is_required()}
        query = "&".join(f"{k}={v}" for k, v in kept.items() if k in needed)
        path = address(report).partition("?")[0]
        await harmless(client, f"{path}?{query}&{parameter}={text}")


async def test_no_text_in_a_path_breaks_a_report(client: httpx.AsyncClient, world: None) -> None:
    for report, text in product((each for each in REPORTS if each.subject), TEXTS):
        if text:
            await harmless(client, report.url.format(account=text, portfolio=text))


async def harmless(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.get(url)
    assert answer.status_code < 500, (url, answer.text)  # a slow query is a 504
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", url
        assert answer.json()["hint" if answer.status_code == 400 else "detail"]


async def test_windows_are_bounded_and_go_forwards(client: httpx.AsyncClient, world: None) -> None:
    bars = "/v1/market/bars?instrument_id=501&interval=1m&from={}&to={}"
    for first, last in (
        ("2026-01-06T00:00:00Z", "2026-01-05T00:00:00Z"),
        ("2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"),
    ):
        answer = await client.get(bars.format(first, last))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
    trades = f"/v1/accounts/{ONE.account}/trades?from=2026-01-06T00:00:00Z&to=2026-01-05T00:00:00Z"
    assert (await client.get(trades)).status_code == 422


async def test_large_heads_are_refused(client: httpx.AsyncClient) -> None:
    url = "/v1/market/instruments"
    answer = await client.get(f"{url}?q={'a' * 30_000}")
    assert (answer.status_code, answer.json()["field"]) == (422, "query")
    for name in ("X-Anything", "Authorization", "If-None-Match", "Accept", "X-Request-Id"):
        answer = await client.get(url, headers={name: "a" * 10_000_000})
        assert answer.status_code == 431, name
        assert len(answer.headers["x-request-id"]) <= 128


async def test_broken_tags_are_only_not_matched(client: httpx.AsyncClient) -> None:
    url = "/v1/market/instruments"
    for tag in ("", '"', "W/", "é", ",", '"a" "b"', "W/W/", "a" * 1000):
        answer = await client.get(url, headers=[(b"If-None-Match", tag.encode())])
        assert answer.status_code == 200, tag
