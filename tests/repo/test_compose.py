"""docker-compose.yml is what the Compose Specification allows, and asks for nothing unexplained."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tests.repo.environment import documented
from tests.server import CHECKOUT

COMPOSE = CHECKOUT / "docker-compose.yml"
SCHEMA = Path(__file__).parent / "data" / "compose-spec.json"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@cache
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"][name]
    return found


def test_it_is_a_compose_file() -> None:
    schema = json.loads(SCHEMA.read_text())
    errors = Draft202012Validator(schema).iter_errors(compose())
    assert [f"{'.'.join(map(str, e.path))}: {e.message}" for e in errors] == []


def test_every_variable_is_documented_and_every_entry_of_its_part_is_used() -> None:
    used = {name for name, _, _ in VARIABLE.findall(COMPOSE.read_text())}
    names = {entry.name for entry in documented()}
    assert used <= names
    assert {name for name in names if name.startswith("POSTGRES_")} <= used


def test_a_secret_has_no_default_and_every_other_variable_has_the_documented_one() -> None:
    values = {entry.name: entry.value for entry in documented()}
    for name, operator, default in VARIABLE.findall(COMPOSE.read_text()):
        if "PASSWORD" in name:
            assert operator == "?", f"{name} must be asked for"
        else:
            assert (operator, default) == ("-", values[name])


def test_a_container_is_given_only_its_own_secrets() -> None:
    given = {
        name: set(re.findall(r"POSTGRES_\w*PASSWORD(?=:\?)", json.dumps(each)))
        for name, each in compose()["services"].items()
    }
    assert given["api"] == given["pgbouncer"] == {"POSTGRES_READER_PASSWORD"}
    assert given["replica"] == {"POSTGRES_REPLICATION_PASSWORD"}
    assert given["migrate"] == {"POSTGRES_PASSWORD"}


def test_every_mounted_file_is_here() -> None:
    mounted = [
        volume.split(":")[0]
        for each in compose()["services"].values()
        for volume in each.get("volumes", [])
        if volume.startswith("./")
    ]
    assert mounted
    assert [path for path in mounted if not (CHECKOUT / path).is_file()] == []


def test_what_lasts_is_watched_and_waits_for_what_it_needs() -> None:
    for name in ("postgres", "replica", "pgbouncer"):
        assert service(name)["healthcheck"]["test"]
    assert service("api")["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "pgbouncer": {"condition": "service_healthy"},
    }
    assert "HEALTHCHECK" in (CHECKOUT / "Dockerfile").read_text()


def test_only_reads_go_through_the_pooler() -> None:
    assert "host=pgbouncer" in service("api")["environment"]["WAREHOUSE_READ_DATABASE_URL"]
    assert service("migrate")["environment"]["PGHOST"] == "postgres"
    pooler = (CHECKOUT / "docker/pgbouncer/pgbouncer.ini").read_text()
    assert "pool_mode = transaction" in pooler


def test_images_are_pinned_and_nothing_listens_beyond_this_machine() -> None:
    images = {each["image"] for each in compose()["services"].values()} - {"tapehouse"}
    assert all(":" in image and not image.endswith(":latest") for image in images)
    ports = [port for each in compose()["services"].values() for port in each.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_runs_as_nobody_and_holds_what_the_lock_names() -> None:
    text = (CHECKOUT / "Dockerfile").read_text()
    users = re.findall(r"^USER (\w+)", text, re.MULTILINE)
    assert users
    assert users[-1] not in {"root", "0"}
    assert "--no-deps --require-hashes -r requirements.lock" in text
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    assert all((CHECKOUT / name).exists() for line in copied for name in line.split())


def test_the_pooler_lets_pass_what_the_api_asks_for() -> None:
    from api.pools import connect_arguments
    from api.settings import ServerSettings
    from warehouse.db.target import Target

    pooler = (CHECKOUT / "docker/pgbouncer/pgbouncer.ini").read_text()
    ignored = re.search(r"^ignore_startup_parameters = (.+)$", pooler, re.MULTILINE)
    assert ignored
    asked = connect_arguments(Target("", "a test"), ServerSettings())["server_settings"]
    # A client's zone it keeps itself, whichever connection the client is given.
    assert {*ignored[1].split(", "), "timezone"} == asked.keys()
    login = (CHECKOUT / "docker/postgres/init.sh").read_text()
    assert all(f"alter role warehouse_reader set {name} = " in login for name in asked)
