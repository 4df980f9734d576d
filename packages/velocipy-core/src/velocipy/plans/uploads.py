"""Parameters that are files: the types that they may have, and how what came becomes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

from velocipy.conversion.constraints import check_suited, constrain, read_constraints
from velocipy.conversion.faults import Loc
from velocipy.conversion.scalars import anything
from velocipy.conversion.table import LISTS, UnsupportedType, union_members, unwrap
from velocipy.errors import Fault
from velocipy.http.uploads import UploadFile, UploadStream
from velocipy.plans.plan import Input
from velocipy.plans.sources import Source

_SINGLE = (UploadFile, UploadStream, bytes)


def is_upload(annotation: Any) -> bool:
    """Tell whether a type says by itself that it is a file, or a list of files."""
    plain, _ = unwrap(annotation)
    if get_origin(plain) in LISTS:
        return any(map(is_upload, get_args(plain)))
    return plain in (UploadFile, UploadStream) if isinstance(plain, type) else False


def can_read_multipart() -> bool:
    """Tell whether the parser of multipart forms is installed; it is imported now, and not by the first request."""
    try:
        import velocipy.http.multipart  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "python_multipart":
            raise
        return False
    return True


def upload_input(name: str, annotation: Any, default: Any, source: Source) -> Input:
    """Return the input of a parameter that is a file.

    Raises:
        UnsupportedType: If no file could be of this type, or its constraints are not for it.
    """
    plain, metadata = unwrap(annotation)
    members = [member for member in union_members(plain) if member is not type(None)] or [plain]
    plain, inner = unwrap(members[0])
    said = [*metadata, *inner]
    build: Callable[[list[Any]], Any] | None = LISTS.get(get_origin(plain))
    items = {unwrap(item)[0] for item in get_args(plain) if item is not Ellipsis} if build else {plain}
    if len(members) > 1 or len(items) > 1 or not items <= {*_SINGLE} or (build and UploadStream in items):
        wanted = "UploadFile, bytes, a list of either, or UploadStream"
        raise UnsupportedType(f"a file becomes {wanted}, and not {annotation}")
    try:
        constraints = read_constraints([*said, source])
        check_suited([plain], constraints)
    except ValueError as error:
        raise UnsupportedType(str(error)) from None
    if not constraints and build in (None, list) and bytes not in items:
        return Input("file", name, plain, anything, default, build is not None, source)
    judge = constrain(anything, constraints)
    annotation = Annotated[plain, *said] if said else plain

    async def convert(found: Any, loc: Loc, faults: list[Fault]) -> Any:
        if build is None:
            return judge(await found._contents(), loc, faults)
        return judge(build([await item._contents() for item in found] if bytes in items else found), loc, faults)

    return Input("file", name, annotation, convert, default, build is not None, source)
