"""Of what py-spy saw, our own work is told, and by the function that did it."""

from bench.profile import Function, heaviest
from warehouse.settings import CHECKOUT

MAIN = f"process 1;main ({CHECKOUT}/warehouse/cli/__init__.py:106)"
LOAD = f"{MAIN};load ({CHECKOUT}/warehouse/ingest/pipeline.py:60)"
PACKAGES = f"{CHECKOUT}/.venv/lib/python3.11/site-packages"


def test_samples_are_counted_by_the_function_on_top_wherever_in_it() -> None:
    stacks = f"""\
{LOAD};encode ({CHECKOUT}/warehouse/ingest/encode.py:30) 30
{LOAD};encode ({CHECKOUT}/warehouse/ingest/encode.py:31) 30
{LOAD};write ({PACKAGES}/psycopg/copy.py:9) 20
process 2;app ({CHECKOUT}/api/app.py:1) 20
"""
    assert heaviest(stacks)[:2] == [
        Function(60, "encode (warehouse/ingest/encode.py)"),
        Function(20, "write (psycopg/copy.py)"),
    ]


def test_of_a_few_samples_no_share_is_told() -> None:
    assert heaviest(f"{LOAD} 3\n") == []


def test_what_only_measures_or_waits_is_left_out() -> None:
    measuring = f"{MAIN};table ({CHECKOUT}/bench/ingest.py:200) 90\n"
    waiting = f"{LOAD};Connection.wait ({PACKAGES}/psycopg/connection.py:8) 90\n"
    assert heaviest(measuring + waiting) == []
