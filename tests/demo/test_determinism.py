"""Same seed, scale and last day: the same rows, whatever was drawn before them."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.demo.binary import blocks, count
from warehouse.demo.load import plan
from warehouse.demo.steps import DataSet, Drawing, Step

TINY = DataSet(ScaleName.TINY, DEFAULT_SEED, DEFAULT_UNTIL)


def fingerprint(drawing: Drawing, step: Step) -> str:
    """A hash of the very bytes that a step sends to the database."""
    digest = sha256()
    for chunk in drawing.chunks(step):
        if chunk.rows and count(chunk.rows):
            digest.update(f"{chunk.table.fullname} {list(chunk.rows)} {chunk.replaces}".encode())
            for block in blocks(chunk.table, chunk.rows):
                digest.update(block)
    return digest.hexdigest()


def fingerprints(data_set: DataSet) -> dict[str, str]:
    drawing = Drawing(data_set)
    return {s.name: fingerprint(drawing, s) for s in steps(data_set)}


def steps(data_set: DataSet) -> list[Step]:
    return plan(data_set.scale, data_set.seed, data_set.until)


def test_drawn_twice_every_step_is_the_same() -> None:
    assert fingerprints(TINY) == fingerprints(TINY)


def test_a_step_is_the_same_when_it_is_the_only_one_drawn() -> None:
    whole = fingerprints(TINY)
    for step in steps(TINY)[::-1]:
        assert fingerprint(Drawing(TINY), step) == whole[step.name], step.name


def test_another_seed_is_another_market() -> None:
    first, second = fingerprints(TINY), fingerprints(replace(TINY, seed=2))
    assert first.keys() == second.keys()
    assert not {name for name in first if first[name] == second[name]}


def test_a_steps_identity_names_everything_it_follows_from() -> None:
    others = [
        replace(TINY, seed=2),
        replace(TINY, scale=ScaleName.SMALL),
        replace(TINY, until=date(2026, 6, 29)),
    ]
    hashes = {data_set.content_hash("marks") for data_set in (TINY, *others)}
    assert len(hashes | {TINY.content_hash("quotes")}) == 5


def test_any_last_day_can_be_asked_for() -> None:
    # A Saturday, the day before a month begins, a leap day, a half day.
    for until in (date(2025, 8, 30), date(2025, 12, 31), date(2024, 2, 29), date(2025, 11, 28)):
        assert all(fingerprints(DataSet(ScaleName.TINY, 3, until)).values())
