"""What a figure was measured on: the machine, the versions, the server's settings."""

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from psycopg import connect

from warehouse.db.target import Target
from warehouse.settings import CHECKOUT

PACKAGES = ("psycopg", "asyncpg", "sqlalchemy", "pyarrow", "dbt-core", "fastapi", "uvicorn")
SETTINGS = """
select name, current_setting(name) from pg_settings
where source = 'configuration file' and name !~ '^(log_|lc_|port|unix_|listen_|data_|.*_directory)'
order by name
"""


def facts(server: Target) -> Mapping[str, str]:
    """What it is, by name."""
    with connect(**server.keywords()) as conn:
        row = conn.execute("select current_setting('server_version')").fetchone()
        settings = conn.execute(SETTINGS).fetchall()
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "PostgreSQL": str(row[0]) if row else "",
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "Tapehouse": f"{version('tapehouse')}, {_commit()}",
        "settings": ", ".join(f"{name} = {value}" for name, value in settings),
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _commit() -> str:
    """Which code it was."""
    asked = ("git", "describe", "--always", "--dirty", "--exclude", "*")
    try:
        told = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "commit unknown"
    return f"commit {told.stdout.strip()}" if told.returncode == 0 else "commit unknown"
