"""Pipelines as requests give them: a file inside the roots, or all of it in the body."""

import os
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from runthrough.application.sessions import Sessions
from runthrough.bootstrap import declared_pipeline, load_either
from runthrough.core.pipeline import PipelineDefinition
from runthrough.entrypoints.http.api.asked import MANY, Body, Place
from runthrough.entrypoints.http.problems import AccessError
from runthrough.errors import CommandInvalidError

FILE, FOLDER = "The pipeline file", "The pipeline's folder"
Places = Annotated[list[Place], Field(max_length=100)]


class GivenPipeline(Body):
    """A pipeline: a file, or a mapping with the folder that its paths start at."""

    pipeline: Annotated[
        Place | dict[str, Any] | None,
        Field(
            max_length=MANY,
            description="Path of a pipeline file or a SageMaker definition, absolute or from the "
            "first root; or a mapping as such a file holds it.",
        ),
    ] = None
    folder: Annotated[
        Place | None,
        Field(description="Where the paths of a mapping start; default: the first root."),
    ] = None


def definition_given(
    given: GivenPipeline, sessions: Sessions, scripts: Sequence[str]
) -> PipelineDefinition | None:
    """The pipeline that is given; `None` where none is.

    Raises:
        OutsideRootsError: It lies where the service may not look; nothing was read.
        PipelineFileError: It cannot be read, or is no pipeline.
        AccessError: A folder goes with a mapping only.
    """
    if isinstance(given.pipeline, dict):
        folder = sessions.place("." if given.folder is None else given.folder, FOLDER)
        return declared_pipeline(given.pipeline, folder)
    if given.folder is not None:
        raise AccessError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "REQUEST_INVALID",
            "A folder goes with a pipeline that is given as a mapping.",
            fix="leave it out: the paths of a pipeline file start at the file's own folder",
        )
    if given.pipeline is None:
        return None
    return load_either(sessions.place(given.pipeline, FILE), scripts=scripts)


def places_given(sessions: Sessions, given: Sequence[str]) -> list[str]:
    """The absolute paths of workspaces.

    Raises:
        OutsideRootsError: One lies where the service may not look.
        CommandInvalidError: One is not there.
    """
    places = [sessions.place(place, "The workspace") for place in given]
    for said, place in zip(given, places, strict=True):
        if not os.path.isdir(place):  # noqa: PTH112 - pathlib's raises where a name is too long
            raise CommandInvalidError(
                "new", f"there is no folder {said!r}", fix="name a workspace that is there"
            )
    return places
