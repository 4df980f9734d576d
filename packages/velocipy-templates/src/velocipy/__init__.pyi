from velocipy._public import *
from velocipy.files.static import StaticFiles as StaticFiles
from velocipy.templates import Templates as Templates
