"""Writes the document of an application: `python -m velocipy.openapi main:app > openapi.json`."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from velocipy import StartupError, StartupErrorGroup, VelociPy
from velocipy.description import describe
from velocipy.openapi.document import build_document
from velocipy.openapi.operation_ids import DuplicateOperationId
from velocipy.openapi.yaml import to_yaml


def main() -> int:
    """Return 0, or 1 if there is no document."""
    parser = argparse.ArgumentParser(prog="python -m velocipy.openapi", description=__doc__)
    parser.add_argument("application", help="such as main:app")
    parser.add_argument("--yaml", action="store_true", help="YAML rather than JSON")
    parser.add_argument("--output", type=Path, help="a file, rather than the terminal")
    asked = parser.parse_args()
    module, _, name = asked.application.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        app = getattr(import_module(module), name or "app")
        if not isinstance(app, VelociPy):
            raise TypeError(f"{asked.application} is a {type(app).__name__}, no VelociPy")
        document = build_document(describe(app))
    except (ImportError, AttributeError, TypeError, StartupError, StartupErrorGroup, DuplicateOperationId) as error:
        print(f"{asked.application}: {error}", file=sys.stderr)
        return 1
    text = to_yaml(document) if asked.yaml else json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if asked.output:
        asked.output.write_text(text, "utf-8")
    else:
        sys.stdout.buffer.write(text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
