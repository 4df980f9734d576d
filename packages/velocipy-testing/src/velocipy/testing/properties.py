"""How the property tests of the kits run; they alone need hypothesis beside pytest."""

try:
    import pytest
    from hypothesis import Phase, given, settings
    from hypothesis import strategies as st
except ImportError:
    raise ImportError(
        'the tests of codecs and model adapters need pytest and hypothesis: pip install "velocipy-testing[conformance]"'
    ) from None

__all__ = ["given", "pytest", "st", "tried"]

_PHASES = [phase for phase in Phase if phase is not Phase.explain]  # which traces every line, for minutes


def tried(examples: int) -> settings:
    """Return the settings of a test that tries so many *examples*, takes its time, and tells one failure."""
    return settings(max_examples=examples, deadline=None, phases=_PHASES, report_multiple_bugs=False)
