"""The PostgreSQL that `make up` and the tests start, for whoever has no server of their own."""

from warehouse.embedded.binaries import psql_path
from warehouse.embedded.records import embedded_conninfo
from warehouse.embedded.server import Embedded, Status

__all__ = ["Embedded", "Status", "embedded_conninfo", "psql_path"]
