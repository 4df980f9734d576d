"""
Rate limits: of a route by the address, of a group by a key, by plan, by cost, and of everything.

Serve it with `granian --interface rsgi rate_limit:app`. It needs `velocipy-limiter`. It counts in memory; where there
are several workers, `RedisStorage` of `velocipy.limiter.storage` has them count together.
"""

from typing import Annotated

from velocipy import APIRouter, Depends, Header, HTTPException, Query, VelociPy
from velocipy.limiter import Limiter, RateLimitMiddleware, RateLimitResult, RateLimitRule, rate_limit
from velocipy.limiter.storage import MemoryStorage

PLANS = {"free": "3/minute", "paid": "1000/minute"}
KEYS = {"grant": "free", "hammond": "paid"}

app = VelociPy()
limiter = Limiter(MemoryStorage(), headers="ratelimit")
app.add_middleware(RateLimitMiddleware, limiter=limiter, rules="everything: 5000/minute")


@app.post("/login", dependencies=[Depends(rate_limit(limiter, "login: 5/minute; 20/hour"))])
async def log_in() -> str:  # a sixth try within a minute is 429, before the body is read
    return "welcome"


async def customer(x_api_key: Annotated[str, Header()]) -> str:
    if x_api_key not in KEYS:
        raise HTTPException(401, headers={"WWW-Authenticate": "X-API-Key"})
    return x_api_key


async def plan(key: Annotated[str, Depends(customer)]) -> str:
    return PLANS[KEYS[key]]


calls = APIRouter("/calls", dependencies=[Depends(rate_limit(limiter, rules=plan, identifier=customer))])


@calls.get("/{name}")
async def call(name: str) -> str:
    return f"{name} answers"


app.include_router(calls)


async def pages_asked_for(pages: Annotated[int, Query(ge=1, le=10)] = 1) -> int:
    return pages


prints = rate_limit(limiter, RateLimitRule("prints", limit=10, window=60), cost=pages_asked_for)


@app.post("/prints")
async def print_map(result: Annotated[RateLimitResult, Depends(prints)], pages: int = 1) -> dict[str, int]:
    return {"printed": pages, "left": result.remaining}
