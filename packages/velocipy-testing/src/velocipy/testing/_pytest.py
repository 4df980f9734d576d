"""pytest, which the conformance tests need, or what installs it."""

try:
    import pytest
except ImportError:
    raise ImportError('the conformance tests need pytest: pip install "velocipy-testing[pytest]"') from None

__all__ = ["pytest"]
