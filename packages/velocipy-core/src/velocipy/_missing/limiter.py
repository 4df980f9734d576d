"""Found where velocipy-limiter is not installed."""

from velocipy._elsewhere import missing

raise missing(__name__)
