from velocipy._public import *
from velocipy.http.items import EventSourceResponse as EventSourceResponse
from velocipy.http.uploads import UploadFile as UploadFile
from velocipy.http.websocket import WebSocket as WebSocket
from velocipy.plans.dependencies import Security as Security
from velocipy.plans.dependencies import SecurityScopes as SecurityScopes
from velocipy.raising import raises as raises
