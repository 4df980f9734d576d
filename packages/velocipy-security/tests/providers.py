"""Servers that tests ask, on loopback: what they answer is set, and they count."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

Answer = tuple[int, dict[str, str], bytes]
Respond = Callable[["Call"], Answer]


class Call:
    """A request that came."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        self.method = method
        self.path = urlsplit(target).path
        self.query = dict(parse_qsl(urlsplit(target).query))
        self.headers = headers
        self.form = dict(parse_qsl(body.decode("latin-1")))


def as_json(value: Any, status: int = 200) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps(value).encode()


class Server:
    """A server whose answers are set by `respond`; `calls` has every request."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.calls: list[Call] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("content-length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self.command, self.path, headers, self.rfile.read(length))
                outer.calls.append(call)
                status, fields, body = outer.respond(call)
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), "connection": "close", **fields}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None: ...

            def handle(self) -> None:
                with suppress(ConnectionError):  # of a client that had enough
                    super().handle()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@contextmanager
def serving(respond: Respond) -> Iterator[Server]:
    server = Server(respond)
    try:
        yield server
    finally:
        server.close()


class SigningKey:
    """A key of a provider: Ed25519 or RSA or EC, with its JWK."""

    def __init__(self, kid: str | None, algorithm: str = "EdDSA", *, says_algorithm: bool = True) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

        self.kid, self.algorithm = kid, algorithm
        self.private: Any
        if algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        elif algorithm.startswith("ES"):
            self.private = ec.generate_private_key(ec.SECP256R1())
        else:
            self.private = rsa.generate_private_key(65537, 2048)
        self._says_algorithm = says_algorithm

    @property
    def jwk(self) -> dict[str, Any]:
        import jwt

        found: Any = jwt.get_algorithm_by_name(self.algorithm).to_jwk(self.private.public_key(), as_dict=True)
        return {
            **{name: value for name, value in found.items() if name not in ("key_ops", "alg", "kid")},
            **({"kid": self.kid} if self.kid is not None else {}),
            **({"alg": self.algorithm} if self._says_algorithm else {}),
            "use": "sig",
        }

    @property
    def pem(self) -> bytes:
        from cryptography.hazmat.primitives import serialization as io

        made: bytes = self.private.public_key().public_bytes(io.Encoding.PEM, io.PublicFormat.SubjectPublicKeyInfo)
        return made

    @property
    def private_pem(self) -> bytes:
        from cryptography.hazmat.primitives import serialization as io

        made: bytes = self.private.private_bytes(io.Encoding.PEM, io.PrivateFormat.PKCS8, io.NoEncryption())
        return made

    def sign(self, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        import jwt

        payload = {"sub": "ellie", "iat": int(time.time()), "exp": int(time.time()) + 60, **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        named = {"kid": self.kid} if self.kid is not None else {}
        return jwt.encode(payload, self.private, self.algorithm, headers={**named, **(headers or {})})


class Provider:
    """An OpenID provider that does what a test says, also what no provider should: `faults` change what it says.

    It checks what a provider has to: client, redirect, code once, PKCE.
    """

    def __init__(self, client_id: str, client_secret: str | None) -> None:
        self.client = (client_id, client_secret)
        self.key = SigningKey("one")
        self.published = [self.key]
        self.codes: dict[str, dict[str, str]] = {}
        self.metadata: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.answer: dict[str, str | None] = {}
        self.instead: dict[str, Answer] = {}
        self.server = Server(self._respond)
        self.issuer = self.server.url

    def reset(self) -> None:
        for changes in (self.metadata, self.claims, self.tokens, self.answer, self.instead):
            changes.clear()

    def _respond(self, call: Call) -> Answer:
        if call.path in self.instead:
            return self.instead[call.path]
        respond = {
            "/.well-known/openid-configuration": self._configuration,
            "/authorize": self._authorize,
            "/token": self._token,
            "/jwks": lambda call: as_json({"keys": [key.jwk for key in self.published]}),
            "/userinfo": self._userinfo,
        }.get(call.path)
        return as_json({}, 404) if respond is None else respond(call)

    def _configuration(self, call: Call) -> Answer:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout?a=b",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return as_json({name: value for name, value in said.items() if value is not None})

    def _authorize(self, call: Call) -> Answer:
        """Log in whoever comes."""
        query = call.query
        assert query["client_id"] == self.client[0]
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = base64.urlsafe_b64encode(hashlib.sha256(query["state"].encode()).digest()).decode()
        self.codes[code] = query
        said = {"code": code, "state": query["state"], "iss": self.issuer, **self.answer}
        back = urlencode({name: value for name, value in said.items() if value is not None})
        return 303, {"location": f"{query['redirect_uri']}?{back}"}, b""

    def _token(self, call: Call) -> Answer:
        form = call.form
        begun = self.codes.pop(form.get("code", ""), None)
        verifier = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if begun is None or begun["code_challenge"] != verifier.rstrip(b"=").decode():
            return as_json({"error": "invalid_grant"}, 400)
        if form["redirect_uri"] != begun["redirect_uri"] or not self._is_client(call):
            return as_json({"error": "invalid_client"}, 401)
        said: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client[0],
            "nonce": begun["nonce"],
            "email": "ellie@park.example",
        }
        access = "access-token"
        digest = hashlib.sha512(access.encode()).digest()[:32]
        said["at_hash"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        signed = self.key.sign(None, **{**said, **self.claims})
        answer = {"access_token": access, "token_type": "Bearer", "id_token": signed, "expires_in": 60, **self.tokens}
        return as_json({name: value for name, value in answer.items() if value is not None})

    def _is_client(self, call: Call) -> bool:
        if self.client[1] is None:
            return call.form.get("client_id") == self.client[0]
        said = base64.b64decode(call.headers.get("authorization", "").removeprefix("Basic ")).decode()
        posted = (call.form.get("client_id"), call.form.get("client_secret"))
        return self.client in (posted, tuple(map(unquote_plus, said.split(":"))))

    def _userinfo(self, call: Call) -> Answer:
        assert call.headers["authorization"] == "Bearer access-token"
        return as_json({"sub": "ellie", "name": "Ellie"})


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}
