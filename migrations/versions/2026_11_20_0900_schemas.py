"""The schemas, who may look into them, and the extension that searches names.

Roles belong to the cluster: `warehouse roles ensure` makes them, this only grants.
"""

from alembic import op

revision = "schemas"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = {
    "reference": "Who trades, what is traded, and what prices are judged by.",
    "market": "Prices, options, fundamentals and odds; owned by instrument.",
    "trading": "Orders, trades, positions and transactions; owned by account.",
    "portfolio": "Portfolios, cash flows, watchlists and alerts.",
    "risk": "Limits and their breaches.",
    "audit": "What was written and read, sealed against change.",
    "ops": "How the warehouse runs: partitions, batches, rollups, jobs, logs and keys.",
    "library": "The firm's bookshelf.",
}


def upgrade() -> None:
    op.execute("comment on table alembic_version is 'Where the schema stands. One row.'")
    op.execute("comment on column alembic_version.version_num is 'Newest migration that ran.'")
    op.execute("create extension if not exists pg_trgm with schema public")
    for schema, comment in SCHEMAS.items():
        op.execute(f"create schema {schema}")
        op.execute(f"comment on schema {schema} is '{comment.replace(chr(39), chr(39) * 2)}'")
        op.execute(
            f"grant usage on schema {schema} to"
            " warehouse_read, warehouse_write, warehouse_build, warehouse_maintain"
        )


def downgrade() -> None:
    for schema in reversed(SCHEMAS):
        op.execute(f"drop schema {schema}")
    op.execute("drop extension pg_trgm")
