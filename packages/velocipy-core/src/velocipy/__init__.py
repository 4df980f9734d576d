"""VelociPy: typed handlers, a tree router, and one application object for RSGI and ASGI."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)  # the other distributions add their folders

from ._public import *
from ._public import __all__ as __all__
