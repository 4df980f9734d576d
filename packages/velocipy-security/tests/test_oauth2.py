"""The form of the password flow."""

from typing import Annotated, Any

import pytest

from velocipy import Depends, VelociPy
from velocipy.security import OAuth2PasswordRequestForm
from velocipy.testing import TestClient

app = VelociPy()


@app.post("/token")
async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, Any]:
    return {**vars(form), "repr": repr(form)}


GOOD = {"username": "ellie", "password": "clever girl"}


def test_what_a_client_has_to_say(client: TestClient) -> None:
    told = client.post("/token", data=GOOD).json()
    assert told.pop("repr") == "OAuth2PasswordRequestForm(username='ellie', scopes=[])"
    assert told == {**GOOD, "grant_type": None, "scopes": [], "client_id": None, "client_secret": None}


def test_what_a_client_may_say_besides(client: TestClient) -> None:
    more = {"grant_type": "password", "scope": " a  b:c ", "client_id": "park", "client_secret": "gate"}
    told = client.post("/token", data={**GOOD, **more}).json()
    assert told["scopes"] == ["a", "b:c"]
    assert (told["grant_type"], told["client_id"], told["client_secret"]) == ("password", "park", "gate")
    assert "clever" not in told["repr"]
    assert "gate" not in told["repr"]


@pytest.mark.parametrize("change", [{"username": None}, {"password": None}, {"grant_type": "client_credentials"}])
def test_what_is_no_password_flow(client: TestClient, change: dict[str, str | None]) -> None:
    data = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    answer = client.post("/token", data=data)
    assert answer.status_code == 422
    assert [fault["loc"][-1] for fault in answer.json()["detail"]] == [*change]
