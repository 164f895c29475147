"""Runs the steps on the connection the store hands over: all of them in its one transaction, or none."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
