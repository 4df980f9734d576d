"""Writes the table in servers.md from servers.json, which the tests of the core measure.

`VELOCIPY_RECORD_SERVERS=1 pytest packages/velocipy-core/tests/protocols/test_servers_table.py --velocipy-server all`
measures anew.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "servers.md"
BEGIN, END = "<!-- table: make_servers.py -->\n", "<!-- end -->\n"
COLUMNS = {
    "granian-rsgi": "Granian RSGI",
    "granian-asgi": "Granian ASGI",
    "uvicorn": "Uvicorn",
    "hypercorn": "Hypercorn",
    "gunicorn": "Gunicorn `asgi`",
    "gunicorn-uvicorn": "Gunicorn with Uvicorn's worker",
}


def make_page(page: str) -> str:
    """Return *page* with the table as it is measured."""
    facts: dict[str, dict[str, str]] = json.loads((HERE / "servers.json").read_text("utf-8"))
    rows = [["", *COLUMNS.values()], ["---"] * (len(COLUMNS) + 1)]
    rows += [[fact, *(values[server] for server in COLUMNS)] for fact, values in facts.items()]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{table}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    written = PAGE.read_text("utf-8")
    made = make_page(written)
    if "--check" in sys.argv and made != written:
        sys.exit("the table in docs/servers.md is not what was measured; run: python docs/make_servers.py")
    PAGE.write_text(made, "utf-8")
