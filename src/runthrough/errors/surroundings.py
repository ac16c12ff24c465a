"""Errors of what lies around a session: files, and the engine that runs scripts."""

from runthrough.errors.root import RunthroughError


class AuditFileError(RunthroughError):
    """A note of a checkpoint, a key or an export cannot be read, written or used."""

    code = "AUDIT_FILE"


class ReportFileError(RunthroughError):
    """A report cannot be written to a file."""

    code = "REPORT_FILE"

    def __init__(self, path: str, reason: str, fix: str) -> None:
        super().__init__(f"The report {path} cannot be written: {reason}.", fix=fix)


class ArchiveError(RunthroughError, ValueError):
    """An archive is broken, or cannot be unpacked without danger."""

    code = "ARCHIVE_REFUSED"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"The archive {path} is not unpacked: {reason}.",
            fix="pack it anew: plain files and folders with relative names, as tar.gz or zip",
        )


class RunnerUnavailableError(RunthroughError):
    """Scripts cannot be run there."""

    code = "RUNNER_UNAVAILABLE"


class ServingRefusedError(RunthroughError):
    """The service does not start: it would be unsafe, or cannot be."""

    code = "SERVING_REFUSED"


class ProjectFolderError(RunthroughError):
    """A project cannot be laid out in a folder; nothing was overwritten."""

    code = "PROJECT_FOLDER"

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(
            f"No project is started in {folder}: {reason}.",
            fix="name a new folder: runthrough init FOLDER; or draft a pipeline file for scripts "
            "that are there: runthrough new --from-folder DIR",
        )


class WorkingFolderError(RunthroughError):
    """The folder that a command was typed in is gone, or may not be looked at."""

    code = "FOLDER_GONE"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The folder that this was typed in cannot be used: {reason}.",
            fix="go to a folder that is there, such as by cd",
        )
