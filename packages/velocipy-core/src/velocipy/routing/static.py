"""`StaticFiles` under the name that the documentation uses; `velocipy.files.static` holds it."""

from velocipy.files.static import StaticFiles

__all__ = ["StaticFiles"]
