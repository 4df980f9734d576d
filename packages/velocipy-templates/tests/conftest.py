"""A folder for what tests write, and the servers that they start."""

import atexit
import os
import shutil
import tempfile

FOLDER = "VELOCIPY_TEST_FOLDER"
if FOLDER not in os.environ:
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="velocipy-tests-")
    atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)
