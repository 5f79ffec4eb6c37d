"""The server's settings, for two cores and a laptop's memory; written anew at each start.

ALTER SYSTEM has the last word over them.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from warehouse.embedded.failures import MEBIBYTE
from warehouse.embedded.records import HOST

FILE = "warehouse.conf"

SETTINGS = {
    "listen_addresses": HOST,
    # A socket's path may have 107 bytes; a checkout's is often longer.
    "unix_socket_directories": "",
    "max_connections": "100",
    # One transaction may drop or lock every partition with its indexes.
    "max_locks_per_transaction": "256",
    "shared_preload_libraries": "pg_stat_statements",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "replica",
    "wal_compression": "lz4",
    "max_wal_size": "4GB",
    "min_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # A late row in a partition of millions still gets its statistics and its BRIN summary.
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "30s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "track_io_timing": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    "log_lock_waits": "on",
}


def write(path: Path, port: int, options: Mapping[str, str]) -> None:
    """Write the settings file that the data folder's postgresql.conf includes."""
    path.write_text(rendered({**SETTINGS, **_shared_memory(), **options, "port": str(port)}))
    path.chmod(0o600)


def rendered(settings: Mapping[str, str]) -> str:
    r"""The settings as lines of a configuration file.

    >>> rendered({"log_line_prefix": "it's \\ %m"})
    "log_line_prefix = 'it''s \\\\ %m'\n"
    """
    return "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _shared_memory() -> dict[str, str]:
    """Containers have 64 MB in /dev/shm, where a parallel hash join fails; the kernel's own has no such limit."""
    shm = Path("/dev/shm")  # noqa: S108 - looked at, not written to
    if shm.is_dir() and shutil.disk_usage(shm).total < 1024 * MEBIBYTE:
        return {"dynamic_shared_memory_type": "sysv"}
    return {}
