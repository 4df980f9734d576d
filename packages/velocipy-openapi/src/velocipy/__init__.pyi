from velocipy._public import *
