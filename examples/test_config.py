"""What the example promises, on every server, and what it says when a setting is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from config import app as config_app

from velocipy import VelociPy
from velocipy.testing import TestClient

EXAMPLE = Path(__file__).with_name("config.py")


@pytest.fixture
def app() -> VelociPy:
    return config_app


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run([sys.executable, EXAMPLE], env=variables, capture_output=True, text=True, check=False)


def test_the_settings_have_their_defaults(client: TestClient) -> None:
    assert client.get("/").json() == {"title": "Notes", "most": 100, "mail": "localhost:25"}


def test_the_environment_is_read_and_a_password_is_not_shown() -> None:
    done = run(BOARD_MOST="5", BOARD_MAIL__PASSWORD="feathers")
    assert done.stdout == (
        "Board(title='Notes', most=5, mail=Mail(host='localhost', port=25, password=Secret('**********')))\n"
    )


def test_a_wrong_setting_ends_the_start() -> None:
    done = run(BOARD_MOST="many", BOARD_MAIL__PORT="smtp")
    assert done.returncode == 1
    assert "1. most: BOARD_MOST in the environment: Input should be a valid integer" in done.stderr
    assert "2. mail.port: BOARD_MAIL__PORT in the environment" in done.stderr
