"""Memory does not grow with the file."""

import pytest

from tests.ingest.conftest import Desk, program

MEGABYTES = 300
PROGRAM = """
import sys
from pathlib import Path
from warehouse.cli import main
sys.argv = ["warehouse", "ingest", "bars", sys.argv[1]]
try:
    main()
except SystemExit as stop:
    assert not stop.code
# Not getrusage, which counts what the process that started this one held.
(peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
print(int(peak.split()[1]) // 1024)
"""


@pytest.mark.slow
def test_a_file_of_many_blocks_is_loaded_in_flat_memory(desk: Desk) -> None:
    path = desk.folder / "bars.csv"
    with path.open("w") as file:
        file.write("symbol,frequency,bar_at,open,high,low,close,volume\n")
        for n in range(150_000):
            moment = (
                f"2026-01-{1 + n // 1440 % 28:02}T{n // 60 % 24:02}:{n % 60:02}:{n // 40320:02}Z"
            )
            file.write(f"ABC,1m,{moment},101.10,101.40,101.00,101.25,{n}\n")
    ended = program(PROGRAM, str(path))
    assert ended.returncode == 0, ended.stderr
    assert desk.count("market.bars") == 150_000
    assert int(ended.stdout.split()[-1]) < MEGABYTES
