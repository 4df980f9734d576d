"""Where limiters count."""

from velocipy.limiter.storage.interface import Decision, RateLimitStorage, RuleState
from velocipy.limiter.storage.leasing import LeasingStorage
from velocipy.limiter.storage.memory import MemoryStorage
from velocipy.limiter.storage.redis import RedisStorage

__all__ = ["Decision", "LeasingStorage", "MemoryStorage", "RateLimitStorage", "RedisStorage", "RuleState"]
