"""Reads are recorded by functions that take many at once.

Only the login that records reads may call them; it sees no table.
"""

from alembic import op

from migrations.helpers import run_sql

revision = "audit_access"
down_revision = "seals_tree"
branch_labels = None
depends_on = None

ROLE = "warehouse_access"
FUNCTIONS = {"audit": "record_access", "library": "record_activity"}


def upgrade() -> None:
    for schema, function in FUNCTIONS.items():
        run_sql(f"{function}_v1")
        op.execute(f"grant usage on schema {schema} to {ROLE}")
        op.execute(f"grant execute on function {schema}.{function} to {ROLE}")


def downgrade() -> None:
    for schema, function in FUNCTIONS.items():
        op.execute(f"drop function {schema}.{function}")
        op.execute(f"revoke usage on schema {schema} from {ROLE}")
