"""Databases: SQLite for the embedded runtime, PostgreSQL for a cluster."""
