"""Runs the migrations on the connection it is given, else on the URL of `alembic.ini`."""

from alembic import context
from sqlalchemy import Connection, create_engine

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


def _run_by_url() -> None:
    engine = create_engine(context.config.get_main_option("sqlalchemy.url", ""))
    with engine.begin() as connection:
        _run(connection)


given = context.config.attributes.get("connection")
if given is None:
    _run_by_url()
else:
    _run(given)
