"""What the pages load: files of Swagger UI, ReDoc and Scalar as they were published, and the scripts that start them.

`scripts/update_assets.py` of the repository writes the folder `assets` and its record.json. A file has the hash of its
content in its URL, so that browsers never have to ask for it again (RFC 8246).
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from velocipy import FileResponse, HTTPException, Request, Response

FOLDER = Path(__file__).parent / "assets"
IMMUTABLE = "public, max-age=31536000, immutable"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
_REFUSAL = re.compile(r"q=0(\.0*)?")
_DIGEST_LENGTH = 16  # characters in a URL: 64 bits, and nobody gains by another file with the same


@dataclass(frozen=True)
class Asset:
    """A file for browsers.

    Attributes:
        name: With which its URL ends.
        digest: The beginning of the SHA-256 of its content, in hexadecimal digits.
        path: Where it lies; with ".gz" at its end if it is compressed there.
    """

    name: str
    digest: str
    path: Path

    @property
    def url(self) -> str:
        """Where it is, below the URL of the page."""
        return f"assets/{self.digest}/{self.name}"


@cache
def read_assets() -> dict[str, Asset]:
    """Return all there are, by folder and name: "redoc/redoc.standalone.js"."""
    record = json.loads((FOLDER / "record.json").read_text("utf-8"))
    found = {
        f"{folder}/{name}": Asset(name, file["sha256"][:_DIGEST_LENGTH], FOLDER / folder / f"{name}.gz")
        for folder, about in record.items()
        for name, file in about["files"].items()
    }
    for path in (FOLDER / "pages").iterdir():
        found[f"pages/{path.name}"] = Asset(path.name, sha256(path.read_bytes()).hexdigest()[:_DIGEST_LENGTH], path)
    return found


def send_asset(request: Request, asset: Asset) -> Response:
    """Return the answer with *asset*, compressed if it lies so and the client takes it.

    Blocks while it reads the disk, and the more where it decompresses, which no browser asks for.
    """
    headers = {
        "content-type": f"{_MEDIA_TYPES[Path(asset.name).suffix]}; charset=utf-8",
        "cache-control": IMMUTABLE,
        "x-content-type-options": "nosniff",
    }
    if asset.path.suffix != ".gz":
        return FileResponse(asset.path, headers={**headers, "etag": f'"{asset.digest}"'})
    headers["vary"] = "accept-encoding"
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        headers |= {"content-encoding": "gzip", "etag": f'"{asset.digest}-gzip"'}
        return FileResponse(asset.path, headers=headers)
    headers["etag"] = f'"{asset.digest}"'
    return Response(gzip.decompress(asset.path.read_bytes()), headers=headers)


def find_asset(assets: dict[tuple[str, str], Asset], digest: str, name: str) -> Asset:
    """Return the one of *assets* that a URL names.

    Raises:
        HTTPException: 404, if there is none.
    """
    asset = assets.get((digest, name))
    if asset is None:
        raise HTTPException(404)
    return asset


def _takes_gzip(accept_encoding: str) -> bool:
    """Tell whether a client takes gzip (RFC 9110 section 12.5.3)."""
    takes = {}
    for item in accept_encoding.lower().split(","):
        coding, _, parameters = item.replace(" ", "").partition(";")
        takes[coding] = _REFUSAL.fullmatch(parameters) is None
    return takes.get("gzip", takes.get("*", False))
