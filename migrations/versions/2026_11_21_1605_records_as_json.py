"""What was read is recorded as it comes from the API, as one JSON text.

To take it apart into arrays, and those into rows again, was work that nothing needed.
"""

from alembic import op

from migrations.helpers import run_sql

revision = "records_as_json"
down_revision = "rows_once"
branch_labels = None
depends_on = None

ROLE = "warehouse_access"
FUNCTIONS = {"audit": "record_access", "library": "record_activity"}


def upgrade() -> None:
    _replace("v2")


def downgrade() -> None:
    _replace("v1")


def _replace(version: str) -> None:
    for schema, function in FUNCTIONS.items():
        op.execute(f"drop function {schema}.{function}")
        run_sql(f"{function}_{version}")
        op.execute(f"grant execute on function {schema}.{function} to {ROLE}")
