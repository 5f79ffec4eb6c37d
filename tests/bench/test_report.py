"""A report says all of it in each form, and its page needs nothing but itself."""

import json
import re
from html.parser import HTMLParser

import pytest

from bench.measure import Result, Scale, at_least, at_most
from bench.page import html
from bench.report import document, records
from bench.suite import Report, Section

GROWING = [
    Result("a <refresh>", "ms", [4, 5, 6], [9, 10, 11], "by hand", at_most(1), (size, "days"))
    for size in (60, 250, 750)
]
WILD = Result("a load", "rows/s", [1, 100, 900], [1, 1, 1], "COPY", at_least(0.5))
SLOW = Result("a plan", "s", [3], aim=at_most(1), note="of 5,000 partitions")
MACHINE = {"date": "2026-01-05 12:00 UTC", "processor": "a <fast> one, 2 cores"}


@pytest.fixture
def report() -> Report:
    sections = [
        Section("rollups", GROWING, 12.0),
        Section("ingest", [WILD, SLOW], 3.0, "OSError: the disk is full"),
    ]
    return Report(Scale.SMALL, MACHINE, sections)


def test_records_are_a_list_named_after_their_workload(report: Report) -> None:
    found = json.loads(records(report))
    assert [each["name"] for each in found][:2] == [
        "rollups: a <refresh> at 60 days",
        "rollups: a <refresh> at 250 days",
    ]
    wanted = {"name", "unit", "ours", "baseline", "ratio", "target", "met"}
    assert all(each.keys() == wanted for each in found)
    assert [each["met"] for each in found] == [True, True, True, None, False]


def test_the_document_has_the_machine_every_figure_and_what_went_wrong(report: Report) -> None:
    text = document(report)
    assert "`warehouse bench --scale small --only rollups --only ingest`" in text
    assert "- processor: a <fast> one, 2 cores" in text
    assert "| a plan | s | 3 |  |  |  | ≤ 1 | no |" in text
    assert "| a load | rows/s | 100 (1 to 900) | 1 | COPY | refused | ≥ 0.5 |  |" in text
    assert "It ended early: OSError: the disk is full" in text
    assert "5 targets: 3 met, 1 missed, 1 undecided" in text
    assert "- ingest: a plan: 3 s, wanted ≤ 1" in text


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.references: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.references += [value for name, value in attrs if name in {"src", "href", "srcset"}]

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)


def test_the_page_refers_to_nothing_outside_of_it(report: Report) -> None:
    page = html(report)
    tags = Tags()
    tags.feed(page)
    assert tags.references == []
    assert not {"script", "link", "img", "iframe"} & set(tags.opened)
    assert not re.search(r"https?:|url\(|@import", page)


def test_the_page_is_whole_and_reads_in_light_and_dark(report: Report) -> None:
    page = html(report)
    tags = Tags()
    tags.feed(page)
    void = {"meta", "line", "circle", "polyline"}
    for tag in set(tags.opened) - void:
        assert tags.opened.count(tag) == tags.closed.count(tag), tag
    assert "prefers-color-scheme: dark" in page
    assert "a &lt;refresh&gt;" in page
    assert "<refresh>" not in page


def test_ratios_are_drawn_and_what_grows_is_a_line(report: Report) -> None:
    page = html(report)
    assert page.count('<circle class="met"') == len(GROWING)
    assert page.count('<polyline class="ours"') == 1
    assert 'class="aim"' in page
