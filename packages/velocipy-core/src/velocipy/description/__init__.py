"""What an application takes and gives, as frozen data: for documents, command lines, telemetry.

`describe` tells all of it; the classes are in `nouns`. What they hold is made of strings, numbers, types, functions,
tuples and read-only mappings: no application, request or plan is reached from there. Where programs gave lists and
dicts (examples, defaults, what is said in the words of OpenAPI), there are tuples and read-only mappings of the same.

New fields may come with any release; they have defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocipy.description.nouns import (
    ApplicationDescription,
    BodyDescription,
    CallableDescription,
    ContentDescription,
    DependencyDescription,
    EndpointDescription,
    ErrorBody,
    ErrorDescription,
    HTTPValidationError,
    MountDescription,
    ParameterDescription,
    Problem,
    ResponseDescription,
    RouteDescription,
    SecurityRequirement,
    SegmentDescription,
    ValidationProblem,
    WebSocketDescription,
)
from velocipy.raising import Raised, raises

if TYPE_CHECKING:
    from velocipy.application import VelociPy

__all__ = [
    "ApplicationDescription",
    "BodyDescription",
    "CallableDescription",
    "ContentDescription",
    "DependencyDescription",
    "EndpointDescription",
    "ErrorBody",
    "ErrorDescription",
    "HTTPValidationError",
    "MountDescription",
    "ParameterDescription",
    "Problem",
    "Raised",
    "ResponseDescription",
    "RouteDescription",
    "SecurityRequirement",
    "SegmentDescription",
    "ValidationProblem",
    "WebSocketDescription",
    "describe",
    "raises",
]


def describe(app: VelociPy) -> ApplicationDescription:
    """Return what *app* takes and gives as it is now, with what is mounted in it; it is made anew for each call.

    Raises:
        StartupError: The one mistake in the program that was found.
        StartupErrorGroup: All mistakes, if there are several.
    """
    from velocipy.description.applications import describe_application

    return describe_application(app)
