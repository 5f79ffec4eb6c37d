""".env.example and the settings name the same things, once, with the same defaults."""

import json
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from tests.repo.environment import documented
from tests.server import CHECKOUT


def defined() -> Iterator[tuple[str, Any]]:
    """Every setting by its variable, with its default; an inherited one counts where it is made."""
    for module in ("warehouse.settings", "api.settings"):
        import_module(module)
    for group in descendants(BaseSettings):
        if group.__module__.split(".")[0] not in {"warehouse", "api"}:
            continue
        for field in group.__annotations__.keys() & group.model_fields.keys():
            prefix = group.model_config.get("env_prefix", "")
            yield f"{prefix}{field}".upper(), group.model_fields[field].default


def descendants(parent: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for child in parent.__subclasses__():
        yield child
        yield from descendants(child)


def as_text(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, Path) and default.is_relative_to(CHECKOUT):
        return str(default.relative_to(CHECKOUT))  # wherever the checkout is
    return json.dumps(default) if isinstance(default, bool) else str(default)


def test_every_setting_is_documented_with_its_default_and_nothing_else_is() -> None:
    shown = {e.name: e.value for e in documented() if e.name.startswith("WAREHOUSE_")}
    assert shown == {name: as_text(default) for name, default in defined()}


def test_nothing_is_named_twice() -> None:
    twice = Counter([*(e.name for e in documented()), *(name for name, _ in defined())])
    assert [name for name, times in twice.items() if times > 2] == []
    assert len({e.name for e in documented()}) == len(documented())


def test_every_entry_is_explained() -> None:
    assert [e.name for e in documented() if len(e.explanation) < 15] == []


def test_no_secret_has_a_value() -> None:
    secrets = [e for e in documented() if "PASSWORD" in e.name or e.name.endswith("_URL")]
    assert secrets
    assert [e.name for e in secrets if e.value] == []
