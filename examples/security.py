"""
Security: users log in with a name and a password, carry a token that ends, and may do what its scopes say.

Serve it with `granian --interface rsgi security:app`. It needs `velocipy-security[jwt]`.
"""

import secrets
from typing import Annotated, Any

from velocipy import Depends, HTTPException, Security, VelociPy
from velocipy.security import (
    APIKeyHeader,
    APIKeys,
    JWTIssuer,
    JWTVerifier,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    PasswordHasher,
    Verified,
    hash_api_key,
)

SECRET = secrets.token_urlsafe(48)  # yours comes from the configuration, and stays the same
SCOPES = {"fences:read": "See the fences", "fences:write": "Switch them"}

app = VelociPy()
passwords = PasswordHasher()
users: dict[str, str] = {}  # the hash of each one's password
may: dict[str, list[str]] = {"muldoon": [*SCOPES]}  # everybody else may read
issuer = JWTIssuer(SECRET, issuer="park", audience="park", lifetime=900)
verifier = JWTVerifier(SECRET, algorithms=["HS256"], issuer="park", audience="park")
token = Verified(OAuth2PasswordBearer("/token", scopes=SCOPES), verifier)
key = Verified(APIKeyHeader("X-API-Key"), APIKeys({hash_api_key("claw-of-a-raptor"): "the weather station"}))


@app.post("/users", status_code=201)
async def sign_up(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> None:
    if form.username in users:
        raise HTTPException(409, "This name is taken")
    users[form.username] = await passwords.hash(form.password)


@app.post("/token")
async def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, Any]:
    if not await passwords.verify(form.password, users.get(form.username)):
        raise HTTPException(400, "Wrong name or password")
    scope = " ".join(may.get(form.username, ["fences:read"]))
    access_token = issuer.issue(form.username, scope=scope)
    return {"access_token": access_token, "token_type": "bearer", "expires_in": issuer.lifetime, "scope": scope}


@app.get("/fences")
async def list_fences(claims: Annotated[dict[str, Any], Security(token, scopes=["fences:read"])]) -> str:
    return f"north, seen by {claims['sub']}"


@app.post("/fences/{name}")
async def switch(name: str, claims: Annotated[dict[str, Any], Security(token, scopes=["fences:write"])]) -> str:
    return f"{name} was switched by {claims['sub']}"


@app.get("/weather")
async def weather(program: Annotated[str, Depends(key)]) -> str:
    return f"a storm, says {program}"
