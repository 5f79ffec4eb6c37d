"""A plan that reads too much, spills or guesses wildly is found out, and a good one is not."""

from datetime import UTC, datetime
from typing import Any

from bench.plan_rules import Facts, faults, lines

JANUARY = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
MARCH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
FACTS = Facts(frozenset({"trades", "trades_p20260101"}), {"trades_p20260101": JANUARY})


def node(kind: str, found: float = 10, planned: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "Node Type": kind,
        "Actual Rows": found,
        "Plan Rows": planned,
        "Actual Loops": 1,
    } | more


def of(kind: str, found: float = 10, **more: Any) -> dict[str, Any]:
    """A scan of a partition of trades."""
    return node(kind, found, found) | {"Relation Name": "trades_p20260101"} | more


def test_a_good_plan_has_no_faults() -> None:
    scan = of("Index Scan", 50_000, **{"Index Cond": "(account_id = 1)"})
    plan = node("Sort", 50_000, 50_000, Plans=[scan], **{"Sort Space Type": "Memory"})
    assert list(faults(plan, FACTS, JANUARY)) == []


def test_a_fact_read_from_end_to_end_is_found_by_whatever_way() -> None:
    for kind in ("Seq Scan", "Index Only Scan"):
        (fault,) = faults(node("Limit", Plans=[of(kind, 50_000)]), FACTS)
        assert fault == "reads trades_p20260101 from end to end, 50,000 rows"
    few_kept = of("Seq Scan", 1, **{"Rows Removed by Filter": 50_000})
    assert list(faults(few_kept, FACTS)) != []
    assert list(faults(of("Seq Scan", 500), FACTS)) == []
    assert list(faults(of("Seq Scan", 50_000, **{"Relation Name": "accounts"}), FACTS)) == []


def test_a_partition_without_anything_of_the_time_asked_for_is_found_unless_it_was_not_read() -> (
    None
):
    scan = of("Index Scan", 0, **{"Index Cond": "(account_id = 1)"})
    assert list(faults(scan, FACTS, MARCH)) == [
        "reads 1 partitions without a row of the time asked for, as trades_p20260101"
    ]
    assert list(faults(scan | {"Actual Loops": 0}, FACTS, MARCH)) == []


def test_a_sort_and_a_hash_that_spill_are_found() -> None:
    sort = node("Sort") | {"Sort Space Type": "Disk", "Sort Space Used": 4096}
    assert list(faults(sort, FACTS)) == ["Sort spills 4,096 kB to disk"]
    grouped = node("Aggregate") | {"Disk Usage": 512}
    assert list(faults(grouped, FACTS)) == ["Aggregate spills 512 kB to disk"]


def test_a_wild_guess_is_told_where_it_is_made_and_only_there() -> None:
    scan = node("Index Scan", 5_000, 2)
    plan = node("Sort", 5_000, 2, Plans=[node("Hash Join", 5_000, 2, Plans=[scan])])
    assert list(faults(plan, FACTS)) == ["Index Scan : 5,000 rows where 2 were expected"]
    assert list(faults(node("Index Scan", 2, 5_000), FACTS)) != []


def test_what_only_passes_rows_on_or_is_planned_for_all_values_has_no_estimate_to_judge() -> None:
    again = node("Sort", 5_000, 6, Plans=[node("Seq Scan", 6, 6)])
    assert list(faults(node("Merge Join", Plans=[again]), FACTS)) == []
    assert list(faults(node("Index Scan", 5_000, 2), FACTS, is_generic=True)) == []


def test_what_a_limit_cut_short_was_not_guessed_wrong() -> None:
    plan = node("Limit", 2, 2, Plans=[node("Index Scan", 2, 5_000)])
    assert list(faults(plan, FACTS)) == []


def test_a_plan_is_shown_with_what_was_found_and_what_was_expected() -> None:
    plan = node("Limit", 2, 3, Plans=[of("Seq Scan", 7) | {"Actual Loops": 0}])
    assert list(lines(plan)) == [
        "Limit: 2 rows of 1 loops (3 expected in each), 0+0 pages, 0.00 ms",
        "  Seq Scan trades_p20260101: never run",
    ]
