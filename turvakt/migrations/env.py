"""Called by Alembic, with the connection of a transaction that its caller ends."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
