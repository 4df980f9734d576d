from velocipy._public import *
from velocipy.http.websocket import WebSocket as WebSocket
from velocipy.storage import MemoryStorage as MemoryStorage
from velocipy.storage import RedisStorage as RedisStorage
from velocipy.storage import Storage as Storage
