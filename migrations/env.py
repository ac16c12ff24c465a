"""Runs the migrations on what it is given, a connection or an engine, else by `alembic.ini`."""

from alembic import context
from sqlalchemy import Connection, Engine, create_engine

from runthrough.adapters.store.guards import guard
from runthrough.adapters.store.tables import METADATA


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
        guard(connection)


def _run_on(engine: Engine) -> None:
    with engine.begin() as connection:
        _run(connection)


given = context.config.attributes.get("connection")
if isinstance(given, Connection):
    _run(given)
else:
    _run_on(given or create_engine(context.config.get_main_option("sqlalchemy.url", "")))
