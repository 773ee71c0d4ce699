"""Revision 0002: the file's name, and an index for each filter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("counts", sa.Column("filename", sa.Text))
    op.create_index("counts_by_model", "counts", ["model", "id"])
    op.create_index("counts_by_key", "counts", ["key_name", "id"])
    op.create_table(
        "count_labels",
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("count_id", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("count_labels_by_count", "count_labels", ["count_id"])
    op.execute(
        "INSERT INTO count_labels (label, count_id) "
        f"SELECT found.key, counts.id FROM counts, {_each_count()} AS found "
        "UNION SELECT object, id FROM counts WHERE object IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("count_labels")
    op.drop_index("counts_by_key", "counts")
    op.drop_index("counts_by_model", "counts")
    op.drop_column("counts", "filename")


def _each_count() -> str:
    """The pairs of the column `counts`, as a table with the column `key`."""
    if op.get_bind().dialect.name == "sqlite":
        return "json_each(counts.counts)"
    return "json_each_text(counts.counts)"
