"""VelociPy: typed handlers, a tree router, and one application object for RSGI and ASGI."""

import os.path
import sys
from typing import TYPE_CHECKING

# The other distributions add their folders. PERF: `pkgutil.extend_path` does this too, but costs a tenth of the import.
for _entry in sys.path:
    _folder = os.path.abspath(os.path.join(_entry, __name__))  # noqa: PTH100, PTH118 - pathlib is as dear
    if _folder not in __path__ and os.path.isdir(_folder):  # noqa: PTH112
        __path__.append(_folder)

__path__.append(os.path.join(__path__[0], "_missing"))  # noqa: PTH118 - the last: what is not installed is found there

from ._public import *
from ._public import __all__ as __all__

__all__ += ["APIVersion", "Config", "EventSourceResponse", "JSONLinesResponse", "MemoryStorage", "RedisStorage"]
__all__ += ["Security", "SecurityScopes", "ServerSentEvent", "StaticFiles", "Storage", "UploadFile", "UploadStream"]
__all__ += ["WebSocket", "raises"]

if TYPE_CHECKING:
    from velocipy.config.config import Config as Config
    from velocipy.files.static import StaticFiles as StaticFiles
    from velocipy.http.items import EventSourceResponse as EventSourceResponse
    from velocipy.http.items import JSONLinesResponse as JSONLinesResponse
    from velocipy.http.items import ServerSentEvent as ServerSentEvent
    from velocipy.http.uploads import UploadFile as UploadFile
    from velocipy.http.uploads import UploadStream as UploadStream
    from velocipy.http.websocket import WebSocket as WebSocket
    from velocipy.openapi import OpenAPI as OpenAPI
    from velocipy.plans.dependencies import Security as Security
    from velocipy.plans.dependencies import SecurityScopes as SecurityScopes
    from velocipy.raising import raises as raises
    from velocipy.routing.versions import APIVersion as APIVersion
    from velocipy.security import APIKeyCookie as APIKeyCookie
    from velocipy.security import APIKeyHeader as APIKeyHeader
    from velocipy.security import APIKeyQuery as APIKeyQuery
    from velocipy.security import HTTPBasic as HTTPBasic
    from velocipy.security import HTTPBasicCredentials as HTTPBasicCredentials
    from velocipy.security import OAuth2PasswordBearer as OAuth2PasswordBearer
    from velocipy.security import SecurityBase as SecurityBase
    from velocipy.sessions import Session as Session
    from velocipy.sessions import SessionMiddleware as SessionMiddleware
    from velocipy.storage import MemoryStorage as MemoryStorage
    from velocipy.storage import RedisStorage as RedisStorage
    from velocipy.storage import Storage as Storage
    from velocipy.templates import Templates as Templates
    from velocipy.testing import AsyncTestClient as AsyncTestClient
    from velocipy.testing import TestClient as TestClient
else:
    from ._elsewhere import __getattr__ as __getattr__
