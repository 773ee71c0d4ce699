"""Revision 0003: how sure the findings were, for drift."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("counts", sa.Column("mean_confidence", sa.Double))


def downgrade() -> None:
    op.drop_column("counts", "mean_confidence")
