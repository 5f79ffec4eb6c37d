"""What is counted is shown, by route and statement, and names nobody."""

from collections import defaultdict
from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.api.world import ONE


async def samples(client: httpx.AsyncClient) -> Mapping[tuple[str, str], float]:
    """By name and what they are of, whatever the status."""
    answer = await client.get("/metrics", headers={"Authorization": ""})
    assert answer.status_code == 200
    assert ONE.account not in answer.text
    found: dict[tuple[str, str], float] = defaultdict(float)
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = sample.labels
            found[sample.name, labels.get("route") or labels.get("statement") or ""] += sample.value
    return found


async def test_requests_and_statements_are_counted(tenant: httpx.AsyncClient) -> None:
    route = "/v1/accounts/{account}/trades"
    before = await samples(tenant)
    for _ in range(2):
        await tenant.get(f"/v1/accounts/{ONE.account}/trades")
    await tenant.get("/no/such/path")
    after = await samples(tenant)
    for sample in (
        ("tapehouse_request_seconds_count", route),
        ("tapehouse_query_seconds_count", "account_trades"),
    ):
        assert after[sample] - before.get(sample, 0) == 2
    assert ("tapehouse_request_seconds_count", "none") in after
    assert not [name for name in after if "no/such" in name[1]]


async def test_the_pool_and_the_memory_are_shown(tenant: httpx.AsyncClient) -> None:
    url = f"/v1/portfolios/{ONE.number}/positions"
    for _ in range(3):
        await tenant.get(url)
    found = await samples(tenant)
    shown = {name.removeprefix("tapehouse_"): value for (name, _), value in found.items()}
    assert shown["cache_hits"] == 2
    assert shown["cache_bytes"] > 0
    assert shown["pool_size"] >= 1
    assert (shown["pool_used"], shown["pool_waiting"], shown["requests_running"]) == (0, 0, 0)
    assert shown["listener_heard"] == 1
