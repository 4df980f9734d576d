from velocipy._public import *
from velocipy.http.websocket import WebSocket as WebSocket
