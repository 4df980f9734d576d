"""Found where velocipy-testing is not installed."""

from velocipy._elsewhere import missing

raise missing(__name__)
