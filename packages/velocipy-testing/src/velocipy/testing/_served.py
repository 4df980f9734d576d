"""
What a server's process imports: the application that the test run names in the environment.

`environment` writes it down, in the test run; importing this module reads it, in the server.
"""

import json
import os
import sys

from velocipy.testing.applications import Source
from velocipy.testing.logged import VARIABLE, mark_errors

SOURCE = "VELOCIPY_TEST_SOURCE"
PATH = "VELOCIPY_TEST_PATH"


def environment(source: Source) -> dict[str, str]:
    """The variables by which a server finds *source*, with this process's import path."""
    return {SOURCE: source.to_json(), PATH: json.dumps(sys.path)}


if SOURCE in os.environ:
    path = json.loads(os.environ[PATH])
    sys.path[:] = [*path, *(entry for entry in sys.path if entry not in path)]
    if VARIABLE in os.environ:
        mark_errors()
    app = Source.from_json(os.environ[SOURCE]).load()
