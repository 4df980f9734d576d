"""schemathesis asks the shop on real servers, and finds nothing. What it does not ask is in schemathesis.toml."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from velocipy.testing.servers import RunningServer, ServerMissingError

pytest.importorskip("schemathesis", reason="it makes the requests")
HERE = Path(__file__).parent
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module", params=["granian-rsgi", "uvicorn"])
def shop(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the shop."""
    try:
        with RunningServer.start(request.param, "shop.app:app", directory=HERE) as server:
            yield server.base_url
    except ServerMissingError as error:
        pytest.skip(str(error))


def run(url: str, *options: str, folder: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={HERE / 'schemathesis.toml'}", "run"]
    command += [f"{url}/openapi.json", "--generation-deterministic", "--continue-on-failure", "--warnings=off"]
    done = subprocess.run(
        [*command, "--no-color", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
    )
    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout
    assert "Selected: 183/185" in done.stdout


def test_what_the_document_leads_to(shop: str, tmp_path: Path) -> None:
    """The limits of each parameter and body from both sides, missing headers, other methods, wrong credentials."""
    run(shop, "--phases=examples,coverage", folder=tmp_path)


def test_what_is_made_up(shop: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Whatever fits, and does not.

    That what fits is taken is asked above alone: to JSON Schema 2.0 is an integer, and durations have years and months;
    and names of parts of a form are made up that have control characters.
    """
    examples = pytestconfig.getoption("--schemathesis-examples", 8)
    options = [f"--max-examples={examples}", "--exclude-checks=positive_data_acceptance"]
    run(shop, "--phases=fuzzing", *options, folder=tmp_path)
