"""The example of the front page, as it is written there."""

# mypy: disable-error-code="no-untyped-def, type-arg"

from typing import Annotated

from pydantic import BaseModel

from velocipy import Depends, Header, Query, VelociPy
from velocipy.limiter import (
    Limiter,
    RateLimitAlgorithm,
    RateLimitRule,
    rate_limit,
)
from velocipy.limiter.storage import MemoryStorage

app = VelociPy()
limiter = Limiter(storage=MemoryStorage())


class Item(BaseModel):
    name: str
    price: float


async def page_params(
    page: Annotated[int, Query(ge=1)] = 1,
    size: Annotated[int, Query(le=100)] = 20,
):
    return {"page": page, "size": size}


rule = RateLimitRule(
    name="items",
    limit=60,
    window=60,
    algorithm=RateLimitAlgorithm.TOKEN_BUCKET,
)


@app.get("/items", response_model=list[Item], tags=["items"])
async def list_items(
    params: Annotated[dict, Depends(page_params)],
    _: None = Depends(rate_limit(limiter, rules=[rule])),
    x_request_id: Annotated[str | None, Header()] = None,
):
    return [{"name": "hoodie", "price": 49.99}]


if __name__ == "__main__":
    from velocipy.testing import TestClient

    client = TestClient(app)
    assert client.get("/items?page=1").status_code == 200
