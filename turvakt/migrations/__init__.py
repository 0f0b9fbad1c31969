"""Alembic's environment: `turvakt.schema` runs it over a connection that it has opened."""
