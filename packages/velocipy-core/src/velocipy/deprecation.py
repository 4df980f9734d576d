"""How a name or an option is retired: a warning first, for at least two minor releases (see docs/stability.md)."""

from __future__ import annotations

import warnings

from velocipy.errors import VelociPyDeprecationWarning

__all__ = ["VelociPyDeprecationWarning", "warn_deprecated"]


def warn_deprecated(what: str, *, instead: str, gone_in: str, stacklevel: int = 2) -> None:
    """Warn whoever called the function that calls this.

    Args:
        what: What is retired, as its user spells it: "Router.add(name=...)".
        instead: What does it now: "Router.add(title=...)".
        gone_in: The distribution and the release in which it goes: "velocipy-core 1.4".
        stacklevel: Whose line is shown, as for `warnings.warn`: 1 is that of the caller of this function, 2 (the
            default) that of its caller.
    """
    text = f"{what} is deprecated and will be gone in {gone_in}; use {instead} instead"
    warnings.warn(text, VelociPyDeprecationWarning, stacklevel=stacklevel + 1)
