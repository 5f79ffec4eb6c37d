"""Reads over HTTP from several connections at once, and a server to read from for a while."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, cycle
from pathlib import Path

import uvloop

from warehouse.settings import CHECKOUT

PATIENCE = 30.0
API = (sys.executable, "-m", "api")


@dataclass
class Answers:
    """How long each one took, in seconds, and what was not answered as asked."""

    seconds: float
    by_path: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def latencies(self) -> list[float]:
        return list(chain.from_iterable(self.by_path.values()))

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        return sorted(self.latencies)[int(len(self.latencies) * share)]


def ask(port: int, paths: Sequence[str], key: str, clients: int, seconds: float) -> Answers:
    """Ask for the paths in turn, each client for the next when it has its answer."""
    return uvloop.run(_ask(port, paths, key, clients, seconds))


@dataclass(frozen=True)
class Served:
    """A server in a process of its own."""

    pid: int
    port: int

    def memory(self) -> float:
        """The most that it ever held, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


@contextmanager
def served(command: Sequence[str], **settings: str) -> Iterator[Served]:
    """A server that answers, listening on the port that stands where {port} does."""
    port = _free_port()
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            [word.format(port=port) for word in command],
            cwd=CHECKOUT,
            env=os.environ | {"WAREHOUSE_API_PORT": str(port)} | settings,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            if not _answers(process, port):
                log.seek(0)
                raise RuntimeError(f"{command} did not start: {log.read()[-500:]}")
            yield Served(process.pid, port)
        finally:
            process.terminate()


async def _ask(port: int, paths: Sequence[str], key: str, clients: int, seconds: float) -> Answers:
    answers, todo = Answers(seconds), cycle(paths)
    end = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_client(port, todo, key, end, answers))
    return answers


async def _client(port: int, todo: Iterator[str], key: str, end: float, answers: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (began := time.perf_counter()) < end:
        path = next(todo)
        request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n\r\n"
        writer.write(request.encode())
        try:
            status = await _answer(reader)
        except (EOFError, OSError) as error:  # it hung up
            answers.errors.append(f"{error} {path}")
            return
        if status == 200:
            answers.by_path.setdefault(path, []).append(time.perf_counter() - began)
        else:
            answers.errors.append(f"{status} {path}")
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status, after the body was read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"content-length:")
    await reader.readexactly(int(rest.partition(b"\r\n")[0]))
    return int(head.split()[1])


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whatever it is: it may listen long before it serves."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as asked:
                asked.sendall(b"GET / HTTP/1.0\r\n\r\n")
                if asked.recv(1):
                    return True
        except OSError:
            pass
        time.sleep(0.05)
    return False
