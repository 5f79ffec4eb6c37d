"""Shows a report as a page that needs nothing else: no script, no font, no network."""

from collections.abc import Iterator
from html import escape

from bench import plots
from bench.report import HEAD, METHOD, cells, missed, profiles, remarks, summary
from bench.suite import Report, Section

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --ink: #1d2327; --faint: #67717a; --rule: #dfe3e6;
  --met: #0b7a75; --missed: #b4441c; --plain: #5b6770; --base: #8a949c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181b; --ink: #e6e9eb; --faint: #98a2aa; --rule: #2d3439;
    --met: #4cc2b4; --missed: #f0905f; --plain: #a9b4bc; --base: #7d8890;
  }
}
body {
  font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1080px; margin: 0 auto; padding: 2.5rem 1.25rem 5rem;
}
h1 { font-size: 1.7rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 3rem 0 .1rem; border-top: 1px solid var(--rule); padding-top: 1.4rem; }
p { max-width: 48rem; }
.faint, dt, summary { color: var(--faint); }
.lead { font-size: 1.05rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: .6rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .87rem; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--faint); }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
td:nth-last-child(2) { white-space: nowrap; }
td.yes { color: var(--met); font-weight: 600; }
td.no { color: var(--missed); font-weight: 600; }
.failed { color: var(--missed); }
svg { max-width: 100%; height: auto; display: inline-block; margin: .6rem 1rem .4rem 0; }
svg text { font-size: 12px; fill: var(--faint); }
svg text.value { fill: var(--ink); }
svg line.grid { stroke: var(--rule); }
svg line.one { stroke: var(--faint); stroke-dasharray: 3 3; }
svg line.aim { stroke: var(--ink); stroke-width: 2.5; }
svg line.range { stroke-width: 2; opacity: .55; }
svg line.met { stroke: var(--met); } svg circle.met { fill: var(--met); }
svg line.missed { stroke: var(--missed); } svg circle.missed { fill: var(--missed); }
svg line.plain { stroke: var(--plain); } svg circle.plain { fill: var(--plain); }
svg polyline { fill: none; stroke-width: 2; }
svg polyline.ours { stroke: var(--met); } svg circle.ours { fill: var(--met); }
svg polyline.base { stroke: var(--base); stroke-dasharray: 5 4; } svg circle.base { fill: var(--base); }
"""


def html(report: Report) -> str:
    """The whole page."""
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Tapehouse, measured</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            *_opening(report),
            *(line for section in report.sections for line in _section(section)),
            "</body>\n</html>\n",
        )
    )


def _opening(report: Report) -> Iterator[str]:
    yield "<h1>Tapehouse, measured</h1>"
    yield f'<p class="faint">{report.command}, {report.machine["date"]}, {report.minutes:.1f} minutes</p>'
    yield f'<p class="lead">{escape(summary(report))}.</p><ul>'
    yield from (f"<li>{escape(each)}</li>" for each in missed(report))
    yield "</ul>"
    yield f'<p class="faint">{escape(METHOD)} In the plots a dot is the median, the line its range,'
    yield " the bar the target; lines of growth are ours, dashed ones the baseline.</p>"
    yield "<details><summary>Machine, versions and settings</summary><dl>"
    for name, value in report.machine.items():
        yield f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
    yield "</dl></details>"


def _section(section: Section) -> Iterator[str]:
    yield f'<h2 id="{section.name}">{escape(section.question)}</h2>'
    yield f'<p class="faint">{section.name}, {section.seconds:.0f} s to measure.</p>'
    if section.failure:
        yield f'<p class="failed">It ended early: {escape(section.failure)}</p>'
    yield plots.ratios(section.results)
    yield plots.growth(section.results)
    if section.results:
        yield from _table(section)
    for remark in remarks(section.results):
        yield f'<p class="faint">{escape(remark)}</p>'
    for title, found in profiles(section):
        yield f"<details><summary>{escape(title)}</summary><ul>"
        yield from (f"<li>{escape(each)}</li>" for each in found)
        yield "</ul></details>"


def _table(section: Section) -> Iterator[str]:
    heads = "".join(f"<th>{head}</th>" for head in HEAD)
    yield f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>'
    for result in section.results:
        shown = [escape(cell) for cell in cells(result)]
        rest = "".join(f"<td>{cell}</td>" for cell in shown[:-1])
        yield f'<tr>{rest}<td class="{shown[-1]}">{shown[-1]}</td></tr>'
    yield "</tbody></table></div>"
