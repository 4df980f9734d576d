"""How other servers are asked: by https that can be trusted, and by nothing from the environment."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx2", reason="the extra oidc")
x509 = pytest.importorskip("cryptography.x509", reason="the extra jwt")

from velocipy.security import BoundClient  # noqa: E402
from velocipy.security.fetching import FetchError  # noqa: E402

from .providers import Answer, Call, SigningKey, as_json, serving  # noqa: E402


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody has signed, with its key."""
    from cryptography.hazmat.primitives import hashes, serialization

    key = SigningKey(None, "ES256").private
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = made.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    kind, form = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    pem = made.sign(key, hashes.SHA256()).public_bytes(form)
    path = tmp_path / "certificate.pem"
    path.write_bytes(pem + key.private_bytes(form, kind, serialization.NoEncryption()))
    return path


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"a": 1}')

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # of clients that do not trust it
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(url: str) -> None:
    with pytest.raises(FetchError, match="cannot be asked"):
        asyncio.run(BoundClient().get(url))


def test_what_is_trusted_can_be_said(url: str, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    assert asyncio.run(BoundClient(ssl_context=context).get(url)) == {"a": 1}


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(lambda call: as_json({"a": 1})) as server:
        assert asyncio.run(BoundClient(allow_http=True).get(server.url)) == {"a": 1}


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(FetchError, match="ConnectError"):
        asyncio.run(BoundClient(allow_http=True).get("http://127.0.0.1:1/"))


def test_no_more_run_at_once_than_was_said() -> None:
    """Each token that is not known asks its server: strangers would have us open a connection for each of theirs."""
    running: list[int] = []
    most = 0

    def respond(call: Call) -> Answer:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        time.sleep(0.02)  # as a server does that has to look
        running.pop()
        return as_json({"a": 1})

    async def ask() -> list[Any]:
        client = BoundClient(allow_http=True, max_requests=3)
        return list(await asyncio.gather(*(client.get(server.url) for _ in range(20))))

    with serving(respond) as server:
        for _ in range(2):  # a loop each
            assert asyncio.run(ask()) == [{"a": 1}] * 20
    assert 1 <= most <= 3


def test_a_secret_of_the_answer_is_not_told() -> None:
    with serving(lambda call: (200, {}, b"secret")) as server, pytest.raises(FetchError) as raised:
        asyncio.run(BoundClient(allow_http=True).get(server.url))
    assert "secret" not in str(raised.value)
