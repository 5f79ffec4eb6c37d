"""${message}

Say here, in a line or two, why the change is made and what it locks while it runs.

A migration does one thing, can be undone, and is safe while the warehouse is in use:
- a new column is nullable or has a constant default; it is filled in batches by a job, not here;
- a constraint comes NOT VALID and is validated in a migration of its own
  (on a partitioned table per partition: see migrations/helpers.py);
- an index on a table that holds rows is built by `create_index_online`;
- functions and views live in migrations/sql/<name>_v<n>.sql: a change is a new version;
- a new table says who may do what: `grant_table`, in step with warehouse/models/privileges.py.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
