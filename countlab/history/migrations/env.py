"""Alembic environment: runs the migrations in the transaction that `database` opened."""

from __future__ import annotations

from alembic import context

from countlab.history.table import Table

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Table.metadata
)
with context.begin_transaction():
    context.run_migrations()
