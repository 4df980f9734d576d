"""Folders with templates for tests."""

import os
from pathlib import Path
from tempfile import mkdtemp

BASE = """<!doctype html>
<title>{% block title %}base{% endblock %}</title>
{% block body %}{% endblock %}
"""


def write(folder: Path, **contents: str) -> Path:
    """Write templates into *folder*; "_" in a name stands for the dot of its ending."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        folder.joinpath(name.replace("_", ".")).write_text(content, "utf-8")
    return folder


def made(**contents: str) -> Path:
    """Return a new folder with templates; servers, which import tests, make one of their own."""
    return write(Path(mkdtemp(dir=os.environ["VELOCIPY_TEST_FOLDER"])), **contents)
