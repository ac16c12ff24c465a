"""Errors of the database."""

from runthrough.errors.root import RunthroughError


class StoreError(RunthroughError):
    """The database cannot do what is asked."""

    code = "STORE"
    position: int | None = None
    """Of the stored event that cannot be read, where that is what is wrong."""
    session_id: str | None = None
    """The session that such an event is of."""


class StoreUnavailableError(StoreError):
    """The database cannot be reached or written."""

    code = "STORE_UNAVAILABLE"
    forbidden: bool = False
    """Whether it can be read, and nothing may be written to it by this user."""


class SchemaOutdatedError(StoreError):
    """The database's tables are older than this version of runthrough."""

    code = "SCHEMA_OUTDATED"

    def __init__(self, found: str | None, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        super().__init__(
            f"The database has schema {found or 'none'}; this runthrough needs {wanted}.",
            fix="runthrough db upgrade",
        )


class SchemaNewerError(StoreError):
    """The database's tables are newer than this version of runthrough."""

    code = "SCHEMA_NEWER"

    def __init__(self, found: str, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        super().__init__(
            f"The database has schema {found}, which this runthrough (schema {wanted}) does not "
            "know: it was written by a newer one.",
            fix="upgrade runthrough, or name another database with RUNTHROUGH_DATABASE_URL",
        )


class WrongExpectedVersionError(StoreError):
    """Others appended to the session since it was loaded; the handler decides again."""

    code = "WRONG_EXPECTED_VERSION"

    def __init__(self, expected: int, found: int) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"Expected the session at version {expected}, found {found}.")


class CommandIdReusedError(StoreError):
    """One command id came with two different requests."""

    code = "COMMAND_ID_REUSED"

    def __init__(self, command_id: str) -> None:
        super().__init__(
            f"Command id {command_id} was used before for a different request.",
            fix="use a new id for a new command",
        )


class LogCorruptError(StoreError):
    """A stored event cannot be read back."""

    code = "LOG_CORRUPT"

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(
            f"The event at position {position} cannot be read: {reason}.",
            fix="runthrough audit verify names what was changed",
        )
