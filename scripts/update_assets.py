"""
Renew what velocipy-openapi has of Swagger UI, ReDoc and Scalar: `python scripts/update_assets.py` takes the newest.

    python scripts/update_assets.py redoc=2.5.4         # that release of one of them, the newest of the others

It needs npm, which fetches the packages. Files are taken as they were published and compressed, so that each is in the
wheel once; record.json says what they are, with the hash that they have when they are not compressed. Afterwards run
`nox -s browser` and look at the screenshots: what a page loads or styles may have changed.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

ASSETS = Path(__file__).parent.parent / "packages/velocipy-openapi/src/velocipy/openapi/assets"


class Source(NamedTuple):
    """A package of npm, and what is taken from it.

    Attributes:
        package: Its name there.
        license: The SPDX expression that its package.json has to have.
        served: Files for browsers.
        notices: Licences and notices.
        license_of: A package of the same authors that has the licence, where this one names it only.
    """

    package: str
    license: str
    served: tuple[str, ...]
    notices: tuple[str, ...]
    license_of: str = ""


SOURCES = {
    "swagger-ui": Source(
        "swagger-ui-dist",
        "Apache-2.0",
        ("swagger-ui-bundle.js", "swagger-ui.css", "oauth2-redirect.js"),
        ("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"),
    ),
    "redoc": Source(
        "redoc",
        "MIT",
        ("bundles/redoc.standalone.js",),
        ("LICENSE",),
    ),
    "scalar": Source(
        "@scalar/api-reference",
        "MIT",
        ("dist/browser/standalone.js",),
        (),
        license_of="@scalar/types",
    ),
}


def unpack(package: str, folder: Path) -> Path:
    """Return the folder with the files of *package*, which may have "@" and a version at its end."""
    folder.mkdir(parents=True)
    command = ["npm", "pack", "--silent", "--ignore-scripts", package]
    name = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()[-1]
    with tarfile.open(folder / name) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def take(name: str, source: Source, version: str, work: Path) -> dict[str, object]:
    """Replace the files of *name*, and return what the record says of them."""
    unpacked = unpack(f"{source.package}@{version}", work / name)
    about = json.loads((unpacked / "package.json").read_text("utf-8"))
    if about["license"] != source.license:
        raise SystemExit(f"{source.package} {about['version']} is now under {about['license']}: read it first")
    folder = ASSETS / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = {}
    for file in source.served:
        content = (unpacked / file).read_bytes()
        files[Path(file).name] = {"source": file, "sha256": sha256(content).hexdigest()}
        (folder / f"{Path(file).name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    for file in source.notices:
        shutil.copy(unpacked / file, folder / Path(file).name)
    if source.license_of:
        shutil.copy(unpack(source.license_of, work / f"{name}-license") / "LICENSE", folder)
    notices = sorted(path.name for path in folder.iterdir() if path.suffix != ".gz")
    return {
        "package": source.package,
        "version": about["version"],
        "license": source.license,
        "notices": notices,
        "files": files,
    }


def main() -> None:
    versions = dict(argument.split("=") for argument in sys.argv[1:])
    if unknown := versions.keys() - SOURCES.keys():
        raise SystemExit(f"nothing is taken from {', '.join(unknown)}; there are {', '.join(SOURCES)}")
    with tempfile.TemporaryDirectory() as work:
        record = {
            name: take(name, source, versions.get(name, "latest"), Path(work)) for name, source in SOURCES.items()
        }
    (ASSETS / "record.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    for name, about in record.items():
        print(name, about["version"])


if __name__ == "__main__":
    main()
