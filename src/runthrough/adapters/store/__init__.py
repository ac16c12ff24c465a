"""The event log: in memory, in a SQLite file, in PostgreSQL."""
