"""The event log in memory and in SQLite."""
