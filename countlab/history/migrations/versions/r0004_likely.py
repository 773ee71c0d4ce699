"""Revision 0004: the range in which the true count probably lies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("counts", sa.Column("likely", sa.JSON))


def downgrade() -> None:
    op.drop_column("counts", "likely")
