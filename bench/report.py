"""Shows results to people as Markdown, and to programs as JSON; bench/page.py shows them as a page."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bench.measure import Result, Spread

if TYPE_CHECKING:
    from bench.suite import Report, Section

HEAD = ("what", "unit", "ours", "baseline", "against", "ratio", "target", "met")
METHOD = """\
Ours and its baseline take turns in one run, A B A B. Figures are medians, lowest and highest in \
brackets; nothing waits for the disk. A ratio is made round by round, ours to the baseline. \
Where the middle half of the ratios lies further apart than half as much again, none is given. A \
target is of the ratio, or of ours where there is no baseline."""


def table(results: Sequence[Result]) -> Iterator[str]:
    """A row a result, then the notes."""
    yield f"| {' | '.join(HEAD)} |"
    yield "|" + " --- |" * len(HEAD)
    for result in results:
        yield f"| {' | '.join(cells(result))} |"
    yield from (f"\n{remark}" for remark in remarks(results))


def remarks(results: Sequence[Result]) -> Iterator[str]:
    """What is said besides, once of all that it is said of."""
    labels: dict[str, list[str]] = {}
    for result in results:
        labels.setdefault(result.remark, []).append(result.label)
    for remark, found in labels.items():
        if remark:
            yield f"{', '.join(found)}: {remark}."


def document(report: "Report") -> str:
    """The whole of it in Markdown, as docs/performance.md has it."""
    return "\n".join((*_document(report), ""))


def _document(report: "Report") -> Iterator[str]:
    yield "# Performance\n"
    yield f"Printed by `{report.command}`; not written by hand.\n"
    yield f"{METHOD}\n"
    yield from (f"- {name}: {value}" for name, value in report.machine.items())
    yield f"- measured in: {report.minutes:.1f} minutes"
    yield f"\n{summary(report)}.\n"
    yield from (f"- {each}" for each in missed(report))
    for section in report.sections:
        yield f"\n## {section.question}\n"
        yield f"`{section.name}`, {section.seconds:.0f} s to measure.\n"
        if section.results:
            yield from table(section.results)
        if section.failure:
            yield f"\nIt ended early: {section.failure}"
        for title, found in profiles(section):
            yield f"\n{title}:\n"
            yield from (f"- {each}" for each in found)


def profiles(section: "Section") -> Iterator[tuple[str, list[str]]]:
    """Where the time went, as far as it was seen."""
    for title, found in (
        ("Where the server's time went, ours and the baselines'", section.profile.statements),
        ("Where our Python's time went", section.profile.functions),
    ):
        if found:
            yield title, list(map(str, found))


def summary(report: "Report") -> str:
    """How many targets are met."""
    judged = [result for _, result in report.results if result.aim]
    met, missed = (sum(result.met is each for result in judged) for each in (True, False))
    said = f"{len(judged)} targets: {met} met, {missed} missed"
    undecided = len(judged) - met - missed
    return f"{said}, {undecided} undecided, for the rounds differed too much" if undecided else said


def missed(report: "Report") -> list[str]:
    """The targets that are not met, with what was found and what is known of it."""
    return [
        f"{section.name}: {result.label}: {shown(result.ratio or Spread.of(result.ours))}"
        f"{' ×' if result.ratio else f' {result.unit}'}, wanted {result.aim}"
        f"{f' ({result.note})' if result.note else ''}"
        for section, result in report.results
        if result.met is False
    ]


def records(report: "Report") -> str:
    """A list of records, each named after its workload."""
    found = [
        {**result.record(), "name": f"{section.name}: {result.label}"}
        for section, result in report.results
    ]
    return json.dumps(found, indent=2, ensure_ascii=False)


def cells(result: Result) -> tuple[str, ...]:
    """A result as people read it."""
    return (
        result.label,
        result.unit,
        shown(Spread.of(result.ours)),
        shown(Spread.of(result.baseline) if result.baseline else None),
        result.against,
        "refused" if result.refused else shown(result.ratio),
        str(result.aim or ""),
        {True: "yes", False: "no", None: ""}[result.met],
    )


def shown(spread: Spread | None) -> str:
    """The median, and the lowest and highest where they are not the same.

    >>> shown(Spread(1234.5, 0.1234, 56.78))
    '1,234 (0.123 to 56.8)'
    """
    if spread is None:
        return ""
    if spread.low == spread.high:
        return figure(spread.median)
    return f"{figure(spread.median)} ({figure(spread.low)} to {figure(spread.high)})"


def figure(value: float) -> str:
    """Three digits of it, and all before the point.

    >>> figure(1e7), figure(12.345), figure(0.00012)
    ('10,000,000', '12.3', '0.00012')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
