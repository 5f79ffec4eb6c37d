"""Draws results as SVG: ratios beside their targets, and lines of what grows.

Colours and type are the page's, by the classes that bench/page.py styles.
"""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from bench.measure import Result
from bench.report import figure

WIDTH, NAMES, VALUES = 760, 300, 90
ROW, TOP, FOOT = 26, 14, 26
PLOT_WIDTH, PLOT_HEIGHT, MARGIN = 370, 210, 46


class Log:
    """A logarithmic axis, from `low` at `start` to `high` at `end`."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        low, high = math.log10(min(positive)), math.log10(max(positive))
        room = max((high - low) * 0.08, 0.05)
        self.low, self.high = low - room, high + room
        self.start, self.end = start, end

    def at(self, value: float) -> float:
        share = (math.log10(max(value, 1e-12)) - self.low) / (self.high - self.low)
        return round(self.start + min(max(share, 0), 1) * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """Ones, twos and fives, or powers of ten alone where there are many."""
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        steps = (1,) if self.high - self.low > 3 else (1, 2, 5)
        found = [step * 10.0**power for power in powers for step in steps]
        return [tick for tick in found if self.low <= math.log10(tick) <= self.high]


def ratios(results: Sequence[Result]) -> str:
    """A row a result: the ratio's median and range, and what is wanted of it."""
    found = [(result, spread) for result in results if (spread := result.ratio)]
    if not found:
        return ""
    aims = [result.aim.value for result, _ in found if result.aim]
    ends = [end for _, spread in found for end in (spread.low, spread.high)]
    axis = Log([1.0, *aims, *ends], NAMES, WIDTH - VALUES)
    bottom = TOP + ROW * len(found)
    parts = [*_scale(axis, bottom), _line(axis.at(1), TOP, axis.at(1), bottom, "one")]
    for number, (result, spread) in enumerate(found):
        y = TOP + ROW * number + ROW / 2
        kind = {True: "met", False: "missed", None: "plain"}[result.met]
        parts += [
            _text(NAMES - 12, y + 4, _short(result.label), "end"),
            _line(axis.at(spread.low), y, axis.at(spread.high), y, f"range {kind}"),
            _dot(axis.at(spread.median), y, kind, f"{result.label}: {figure(spread.median)}"),
            _text(WIDTH - VALUES + 12, y + 4, f"{figure(spread.median)} ×", "start", "value"),
        ]
        if result.aim:
            x = axis.at(result.aim.value)
            parts.append(_line(x, y - 9, x, y + 9, "aim"))
    return _svg(WIDTH, bottom + FOOT, parts, "Ratio to the baseline; bars are targets")


def growth(results: Sequence[Result]) -> str:
    """A plot a name that was measured at several sizes: ours, and the baseline."""
    series: dict[str, list[Result]] = {}
    for result in results:
        if result.at:
            series.setdefault(result.name, []).append(result)
    return "".join(_growth(name, found) for name, found in series.items() if len(found) > 1)


def _growth(name: str, results: Sequence[Result]) -> str:
    sized = [(result.at[0], result) for result in results if result.at]
    sizes, unit = [size for size, _ in sized], results[0].at[1] if results[0].at else ""
    lines: Mapping[str, list[tuple[float, float]]] = {
        "ours": [(size, statistics.median(result.ours)) for size, result in sized],
        "base": [
            (size, statistics.median(result.baseline)) for size, result in sized if result.baseline
        ],
    }
    across = Log(sizes, MARGIN, PLOT_WIDTH - 12)
    heights = [y for line in lines.values() for _, y in line]
    # Room around, so that noise does not fill the plot.
    up = Log([min(heights) / 2, *heights, max(heights) * 2], PLOT_HEIGHT - MARGIN, 34)
    parts = [_text(MARGIN, 18, f"{name}, {results[0].unit}", "start", "value")]
    for tick in up.ticks():
        parts += [
            _line(MARGIN, up.at(tick), PLOT_WIDTH - 12, up.at(tick), "grid"),
            _text(MARGIN - 6, up.at(tick) + 4, figure(tick), "end"),
        ]
    parts += [_text(across.at(x), PLOT_HEIGHT - MARGIN + 16, figure(x), "middle") for x in sizes]
    parts.append(_text(PLOT_WIDTH / 2, PLOT_HEIGHT - 10, unit, "middle"))
    for kind, line in lines.items():
        parts += _drawn(kind, [(across.at(x), up.at(y)) for x, y in line])
    against = results[-1].against
    title = f"{name}: ours (full line)" + (f" and {against} (dashed)" if against else "")
    return _svg(PLOT_WIDTH, PLOT_HEIGHT, parts, title)


def _drawn(kind: str, points: Sequence[tuple[float, float]]) -> Iterator[str]:
    if points:
        joined = " ".join(f"{x},{y}" for x, y in points)
        yield f'<polyline class="{kind}" points="{joined}"/>'
    for x, y in points:
        yield f'<circle class="{kind}" cx="{x}" cy="{y}" r="3"/>'


def _scale(axis: Log, bottom: float) -> Iterator[str]:
    for tick in axis.ticks():
        yield _line(axis.at(tick), TOP, axis.at(tick), bottom, "grid")
        yield _text(axis.at(tick), bottom + 17, figure(tick), "middle")


def _short(label: str) -> str:
    return label if len(label) <= 46 else f"{label[:45]}…"


def _dot(x: float, y: float, kind: str, title: str) -> str:
    return (
        f'<circle class="{kind}" cx="{x}" cy="{y}" r="4.5"><title>{escape(title)}</title></circle>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
