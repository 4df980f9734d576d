"""A response cache for VelociPy: ETags, Vary, and one computation where many ask."""

from velocipy_cache.cache import Cache
from velocipy_cache.middleware import cached
from velocipy_cache.plugin import CacheConfig, CachePlugin, from_config
from velocipy_cache.rules import Policy

__all__ = ["Cache", "CacheConfig", "CachePlugin", "Policy", "cached", "from_config"]
