"""What a plan must not do, told from plans as EXPLAIN (FORMAT JSON) has them.

Pure; bench/plans.py gets them from the server.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Plan = Mapping[str, Any]
# Of so few rows a scan from end to end is the best there is, and a wrong estimate harms nobody.
FEW_READ, FEW_FOUND = 10_000, 1_000
FAR_OFF = 100
# What stops when it has enough: what is below it reads less than was planned.
STOPS_EARLY = ("Limit", "Nested Loop", "Merge Join", "SubPlan", "Append", "Merge Append", "Result")
# What gives the rows that it is given, and may be asked for them again: whose estimate is not its own.
PASSES_ON = ("Sort", "Incremental Sort", "WindowAgg", "Materialize", "CTE Scan")


@dataclass(frozen=True)
class Facts:
    """Names of the facts and their partitions; of those, from when to when their rows are."""

    names: frozenset[str]
    bounds: Mapping[str, tuple[datetime, datetime]]


Window = tuple[datetime, datetime]


def faults(
    plan: Plan, facts: Facts, window: Window | None = None, *, is_generic: bool = False
) -> Iterator[str]:
    """What is wrong with a plan that was run; the window is the time that was asked for.

    What is expected for all values of a parameter says nothing of one: of a generic plan estimates
    are not judged.
    """
    for node, above in nodes(plan):
        if not node.get("Actual Loops"):
            continue
        relation = _relation(node)
        if relation in facts.names and whole(node) and _read(node) > FEW_READ:
            yield f"reads {relation} from end to end, {_read(node):,.0f} rows"
        if spilled := _spilled(node):
            yield spilled
        if not is_generic and _misjudged(node, above):
            planned, found = node["Plan Rows"], node["Actual Rows"]
            yield f"{node['Node Type']} {relation}: {found:,.0f} rows where {planned:,} were expected"
    if window and (vain := sorted(_read_in_vain(plan, facts, window))):
        yield f"reads {len(vain)} partitions without a row of the time asked for, as {vain[0]}"


def _read_in_vain(plan: Plan, facts: Facts, window: Window) -> set[str]:
    read = {_relation(node) for node, _ in nodes(plan) if node.get("Actual Loops")}
    return {name for name in read & facts.bounds.keys() if _outside(facts.bounds[name], window)}


def nodes(plan: Plan, above: tuple[str, ...] = ()) -> Iterator[tuple[Plan, tuple[str, ...]]]:
    """Every node, with the kinds of those it stands under."""
    yield plan, above
    for child in plan.get("Plans", ()):
        yield from nodes(child, (*above, str(plan["Node Type"])))


def _relation(node: Plan) -> str:
    return str(node.get("Relation Name", ""))


def whole(node: Plan) -> bool:
    """Whether it reads all of a relation, also by an index that nothing is looked up in."""
    kind = str(node["Node Type"])
    return kind == "Seq Scan" or (kind.startswith("Index") and "Index Cond" not in node)


def _read(node: Plan) -> float:
    """How many rows it looked at, those that it left out too."""
    rows: float = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return rows * float(node["Actual Loops"])


def _outside(bounds: Window, window: Window) -> bool:
    return bounds[1] <= window[0] or bounds[0] >= window[1]


def _spilled(node: Plan) -> str:
    kilobytes = node.get("Disk Usage", 0)
    if node.get("Sort Space Type") == "Disk":
        kilobytes = node["Sort Space Used"]
    return f"{node['Node Type']} spills {kilobytes:,} kB to disk" if kilobytes else ""


def _misjudged(node: Plan, above: tuple[str, ...]) -> bool:
    """Whether the estimate is far off here, rather than in what it is fed from."""
    if any(_far_off(child, (*above, str(node["Node Type"]))) for child in node.get("Plans", ())):
        return False
    return _far_off(node, above)


def _far_off(node: Plan, above: tuple[str, ...]) -> bool:
    planned, found = float(node["Plan Rows"]), float(node["Actual Rows"])
    if not node.get("Actual Loops") or max(planned, found) <= FEW_FOUND:
        return False
    if node["Node Type"] in PASSES_ON:
        return False
    may_stop = any(kind in STOPS_EARLY for kind in (*above, node["Node Type"]))
    return found > FAR_OFF * planned or (not may_stop and planned > FAR_OFF * max(found, 1))


def lines(plan: Plan, depth: int = 0) -> Iterator[str]:
    """The plan as people read it: what each node does, rows as found and as expected, buffers, time."""
    if not plan.get("Actual Loops"):
        yield f"{'  ' * depth}{_title(plan)}: never run"
        return
    found, planned = plan["Actual Rows"] * plan["Actual Loops"], plan["Plan Rows"]
    buffers = f"{plan.get('Shared Hit Blocks', 0):,}+{plan.get('Shared Read Blocks', 0):,} pages"
    yield (
        f"{'  ' * depth}{_title(plan)}: {found:,.0f} rows of {plan['Actual Loops']:,.0f} loops"
        f" ({planned:,} expected in each), {buffers}, {plan.get('Actual Total Time', 0):.2f} ms"
    )
    for child in plan.get("Plans", ()):
        yield from lines(child, depth + 1)


def _title(plan: Plan) -> str:
    parts = [
        plan["Node Type"],
        plan.get("Relation Name") or plan.get("Function Name") or plan.get("CTE Name") or "",
        f"by {plan['Index Name']}" if "Index Name" in plan else "",
    ]
    return " ".join(filter(None, parts))
