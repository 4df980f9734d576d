"""What the example promises, on every server, and as a program of its own."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from uvicorn_server import app as uvicorn_server_app

from velocipy import VelociPy
from velocipy.testing import TestClient

PROGRAM = str(Path(__file__).with_name("uvicorn_server.py"))


@pytest.fixture
def app() -> VelociPy:
    return uvicorn_server_app


def test_the_lifespan_is_entered(client: TestClient) -> None:
    assert client.get("/").json()["park"] == "Isla Nublar"


def ask(url: str) -> dict[str, str]:
    """Ask until somebody answers."""
    end = time.monotonic() + 20
    while True:
        try:
            answer: dict[str, str] = httpx2.get(url).json()
            return answer
        except httpx2.ConnectError:
            assert time.monotonic() < end, "the program does not serve"
            time.sleep(0.02)


@pytest.mark.in_process
@pytest.mark.skipif(sys.platform == "win32", reason="programs get no SIGINT of others there")
def test_the_program_serves_and_ends() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, PROGRAM, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        try:
            assert ask(f"http://127.0.0.1:{port}/") == {"park": "Isla Nublar", "http": "1.1"}
            program.send_signal(signal.SIGINT)
            told, _ = program.communicate(timeout=20)
        finally:
            program.kill()
    assert "the gates open" in told
    assert "the gates close" in told
