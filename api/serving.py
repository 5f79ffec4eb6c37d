"""How a report is answered: who asks, what, and whether they have it; read, recorded, and only then sent."""

import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from fastapi import Request, Response

from api import metrics, statements, streams, tags
from api.access import Access, Recorder
from api.asking import Asked, asked, missing
from api.cache import Cache, Headers, Page
from api.credentials import Key, Keys
from api.flights import Flights
from api.formats import MEDIA_TYPES, SMALLEST_COMPRESSED, compressed, encoding_for, form_for
from api.head import Head, head_of
from api.limits import Limits
from api.listening import Listener
from api.pools import Reader
from api.repeats import Repeat, Repeats
from api.reports import Report
from api.sending import Streamed, Whole, until_gone

NOT_MODIFIED = 304
# Kept by whoever asked, and asked about each time: what a key may see can end at any moment.
CACHE_CONTROL = "private, no-cache"
NO_STORE = "private, no-store"
VARY = "Authorization, Accept, Accept-Encoding"
ALWAYS = [(b"vary", VARY.encode()), (b"cache-control", CACHE_CONTROL.encode())]
# What is read ahead is nobody's request.
NOBODYS = Request({"type": "http", "headers": []})


@dataclass(frozen=True)
class Service:
    """All that answering needs, for as long as the application runs."""

    reader: Reader
    recorder: Recorder
    keys: Keys
    limits: Limits
    listener: Listener
    cache: Cache
    repeats: Repeats
    stream_seconds: float
    batch_seconds: float
    flights: Flights[Page] = field(default_factory=Flights)


@dataclass
class Reading:
    """One request's way to its answer."""

    service: Service
    request: Request
    head: Head
    key: Key
    asked: Asked
    timing: dict[str, float] = field(default_factory=dict)

    @property
    def report(self) -> Report:
        return self.asked.report

    @property
    def identity(self) -> Hashable:
        """What the answer depends on besides the data: the question, and who puts it."""
        return (self.key.api_key_id, self.key.grants_version, self.asked)

    def tag(self, generation: str, form: str) -> str:
        reader = f"{self.key.api_key_id} {self.key.grants_version}"
        return tags.strong(self.asked.named, reader, generation, form)

    def parameters(self, *last: object) -> tuple[object, ...]:
        return (self.key.api_key_id, *self.asked.arguments, *last)

    async def record(self, status: int, rows: int | None) -> None:
        """Committed when this returns; nothing leaves before."""
        started = time.perf_counter()
        request_id = self.request.scope["state"]["request_id"]
        await self.service.recorder.keep(self.noted(status, rows), request_id)
        self.timing["record"] = (time.perf_counter() - started) * 1000

    def noted(self, status: int, rows: int | None) -> bytes:
        key = self.key
        read = (self.report.name, self.asked.told, status, rows)
        return Access(*read, key.api_key_id, key.principal_id).noted()

    def repeated(self, changes: int, status: int, rows: int | None, **how: Any) -> None:
        """The same request need not come here again for as long as nothing changes."""
        repeat = Repeat(self.key, changes, self.report.url, self.noted(status, rows), **how)
        self.service.repeats.keep(self.request.scope, self.head, repeat)


async def serve(report: Report, request: Request) -> Response:
    """Answer one request for a report."""
    service: Service = request.app.state.service
    head = head_of(request.scope)
    key = await service.keys.authenticate(head)
    key.may(report.scope)
    with service.limits.held(key) as held:
        question = asked(report, request.path_params, request.scope["query_string"])
        reading = Reading(service, request, head, key, question)
        form = question.form or form_for(head.accept)
        encoding = encoding_for(head.accept_encoding)
        if form == "json":
            return await _page(reading, encoding)
        async with AsyncExitStack() as stack:
            stack.callback(held.passed_on())
            return await _stream(reading, form, encoding, stack)


def kept(reading: Reading, current: str | None) -> Page | None:
    """The page from memory, where it is of the current generation."""
    return reading.service.cache.get(reading.identity, current) if current else None


async def fetched(reading: Reading, current: str | None) -> Page:
    """The page of a read that is under way, or of a new one."""
    service, identity = reading.service, reading.identity
    page = await service.flights.join(identity, partial(_read, reading))
    if page.generation is not None and page.found and page.generation == current:
        service.cache.put(identity, page, reading.report.sources, _again(reading))
    reading.timing["db"] = page.milliseconds
    return page


def _again(reading: Reading) -> Callable[[], Awaitable[Page]]:
    """Asks the same of the generation that is there then; the request is let go of."""
    known = Reading(reading.service, NOBODYS, reading.head, reading.key, reading.asked)

    async def ask() -> Page:
        return await fetched(known, known.service.listener.generation_of(known.report.sources))

    return ask


async def _page(reading: Reading, encoding: str | None) -> Response:
    form = f"json-{encoding}" if encoding else "json"
    listener = reading.service.listener
    changes, current = listener.changes, listener.generation_of(reading.report.sources)
    if current is not None and reading.head.if_none_match:
        tag = reading.tag(current, form)
        if tags.named(reading.head.if_none_match, tag):
            response = await unchanged(reading, tag)
            reading.repeated(changes, NOT_MODIFIED, None, unchanged=response.raw_headers)
            return response
    page, source = kept(reading, current), "hit"
    if page is None:
        page = await until_gone(reading.request.receive, fetched(reading, current))
        source = "miss"
    if not page.found:
        await reading.record(missing(reading.report).kind.status, None)
        raise missing(reading.report)
    tag = page.tags.get(form) or tag_of(reading, page, form)
    if tags.matches(reading.head.if_none_match, tag):
        return await unchanged(reading, tag)
    await reading.record(200, page.rows)
    head = page.heads.get(form) or _head(reading, page, form, encoding)
    body = page.packed.get(encoding, page.body) if encoding else page.body
    if current is not None and source == "hit":
        how = {"identity": reading.identity, "form": form, "encoding": encoding}
        reading.repeated(changes, 200, page.rows, generation=current, **how)
    timing = (b"server-timing", _timing(reading.timing, source).encode())
    return Whole([*head, timing], body)


def _head(reading: Reading, page: Page, form: str, encoding: str | None) -> Headers:
    """What goes before the body, and with it the body as it is packed: both are made once a page."""
    head = _headers(reading, page.tags[form], page.as_of, page.generation, page.lag)
    head.append((b"content-type", MEDIA_TYPES["json"].encode()))
    body = page.body
    if encoding and len(body) >= SMALLEST_COMPRESSED:
        body = page.packed[encoding] = compressed(body, encoding)
        head.append((b"content-encoding", encoding.encode()))
    head.append((b"content-length", b"%d" % len(body)))
    page.heads[form] = head
    return head


def tag_of(reading: Reading, page: Page, form: str) -> str:
    """The tag of a page in a form; it is kept with the page."""
    tag = reading.tag(page.generation, form) if page.generation else tags.weak(page.tagged, form)
    page.tags[form] = tag
    return tag


async def unchanged(reading: Reading, tag: str) -> Response:
    """The reader has it, as the record says."""
    await reading.record(NOT_MODIFIED, None)
    return Response(
        status_code=NOT_MODIFIED,
        headers={"ETag": tag, "Vary": VARY, "Cache-Control": CACHE_CONTROL},
    )


async def _read(reading: Reading) -> Page:
    question, report = reading.asked, reading.report
    statement = statements.page(report, question.fields, question.count)
    sized = (question.page_size,) if report.order else ()
    started = time.perf_counter()
    row = await reading.service.reader.row(
        statement, reading.parameters(*question.position, *sized), report.pace.value
    )
    seconds = time.perf_counter() - started
    metrics.query_timer(report.name).observe(seconds)
    return page_from(question, row, seconds * 1000)


def page_from(question: Asked, row: Any, milliseconds: float) -> Page:
    """The page that a statement's row makes."""
    report = question.report
    rows, data = row["rows"], row["data"].encode()
    found = row["found"] and (rows > 0 or not report.single)
    as_of, generation = _told(row["as_of"]), row["generation"]
    if report.single:
        tagged = data
        body = b'{"data":' + data
    else:
        more = rows > question.page_size and row["position"] is not None
        following = question.next_cursor(orjson.loads(row["position"])) if more else None
        rows = min(rows, question.page_size) if report.order else rows
        tagged = b"[" + data + b'],"next_cursor":' + orjson.dumps(following)
        if row["total"] is not None:
            tagged += b',"total":' + orjson.dumps(_total(question, row["total"]))
        body = b'{"data":' + tagged
    ending = orjson.dumps({"as_of": as_of, "generation": generation})
    return Page(
        body=body + b"," + ending[1:],
        tagged=tagged if generation is None else b"",
        rows=rows,
        generation=generation,
        as_of=as_of,
        lag=row["lag"],
        found=found,
        milliseconds=milliseconds,
    )


def _total(question: Asked, total: int) -> dict[str, object]:
    exact = question.count == "exact" or total < statements.COUNTED_AT_MOST
    return {"rows": total, "is": "exact" if exact else "at_least"}


async def _stream(
    reading: Reading, form: str, encoding: str | None, stack: AsyncExitStack
) -> Response:
    """What is wrong before the first piece is a problem; what goes wrong later ends the connection."""
    report, question, service = reading.report, reading.asked, reading.service
    full_form = f"{form}-{encoding}" if encoding else form
    connection = await stack.enter_async_context(service.reader.snapshot(service.stream_seconds))
    subject = reading.parameters()[:2] if report.subject else ()
    row = await connection.fetchrow(statements.state(report), *subject)
    if not row["found"]:
        await reading.record(missing(report).kind.status, None)
        raise missing(report)
    # Where pieces end decides over the bytes of Arrow and of compressed text, not over what they say.
    tag = f"W/{reading.tag(row['generation'], full_form)}" if row["generation"] else None
    if tag and tags.matches(reading.head.if_none_match, tag):
        return await unchanged(reading, tag)
    sized = (*question.position, question.limit) if report.order else ()
    pieces = await stack.enter_async_context(
        streams.copied(
            connection,
            statements.rows(report, question.fields, form),
            reading.parameters(*sized),
            form,
            service.stream_seconds,
        )
    )
    first = await until_gone(reading.request.receive, anext(pieces))
    await reading.record(200, None)
    headers = _headers(reading, tag, _told(row["as_of"]), row["generation"], row["lag"])
    headers.append((b"content-type", MEDIA_TYPES[form].encode()))
    if encoding:
        headers.append((b"content-encoding", encoding.encode()))
    columns = {name: report.columns[name] for name in question.fields or report.columns}
    converter = streams.converter(form, columns, encoding)
    held = stack.pop_all()
    return Streamed(first, pieces, converter, headers, held)


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _headers(
    reading: Reading, tag: str | None, as_of: str | None, generation: str | None, lag: float | None
) -> Headers:
    found = list(ALWAYS)
    if tag:
        found.append((b"etag", tag.encode()))
    if as_of:
        found.append((b"x-as-of", as_of.encode()))
    if generation:
        found.append((b"x-generation", generation.encode()))
    if lag is not None:
        found.append((b"x-replica-lag", b"%.3f" % lag))
    if (deprecation := reading.report.deprecation) is not None:
        found += ((k.lower().encode(), v.encode()) for k, v in deprecation.headers().items())
    return found


def _timing(spent: dict[str, float], source: str) -> str:
    parts = (f"{name};dur={milliseconds:.2f}" for name, milliseconds in spent.items())
    return ", ".join((f"cache;desc={source}", *parts))
