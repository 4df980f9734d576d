"""What the servers of `test_many_workers.py` run: a route for each algorithm, which lets 500 pass in ten days."""

import os

from velocipy import Depends, VelociPy
from velocipy.limiter import Limiter, RateLimitAlgorithm, RateLimitRule, StorageErrorAction, rate_limit
from velocipy.limiter.storage import RedisStorage

LIMIT = 500
PORT = int(os.environ["HAMMERED_REDIS"])
TIMEOUT = 30.0  # of a machine that has better things to do


def storage() -> RedisStorage:
    if os.environ.get("HAMMERED_CLUSTER"):
        from redis.asyncio import RedisCluster

        return RedisStorage(redis=lambda: RedisCluster(host="127.0.0.1", port=PORT), timeout=TIMEOUT)
    return RedisStorage(f"redis://127.0.0.1:{PORT}", timeout=TIMEOUT)


limiter = Limiter(storage())
app = VelociPy(docs_url=None, openapi_url=None)
for algorithm in RateLimitAlgorithm:
    rule = RateLimitRule(
        f"of {algorithm}", LIMIT, 864_000, algorithm=algorithm, on_storage_error=StorageErrorAction.DENY
    )

    @app.get(f"/{algorithm}", dependencies=[Depends(rate_limit(limiter, rule, "everybody"))])
    async def hammered() -> None: ...
