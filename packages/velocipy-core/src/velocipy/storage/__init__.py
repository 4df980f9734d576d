"""Bytes under keys, which expire: what sessions and caches are kept in. In memory, in Redis, or where others say."""

from velocipy.errors import StorageError
from velocipy.storage.interface import STORAGE, Storage, check_item
from velocipy.storage.memory import MemoryStorage
from velocipy.storage.redis import RedisStorage

__all__ = ["STORAGE", "MemoryStorage", "RedisStorage", "Storage", "StorageError", "check_item"]
