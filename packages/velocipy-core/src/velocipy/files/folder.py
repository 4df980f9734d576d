"""A folder whose files are opened by names that strangers send, and nothing outside of it.

Names are judged before the disk is touched. Then the way down is gone step by step from one open folder to the next,
and no step follows a link: so it does not matter what is put where meanwhile. Links that stay inside are resolved
first, and the way that they lead is gone in the same manner.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence
from pathlib import Path

from velocipy.http.files import open_file
from velocipy.http.response import File

# Refused everywhere, so that what is served does not depend on the system: separators, drives and streams of Windows,
# controls, and the endings that Windows ignores ("secret.txt." is "secret.txt" there).
_REFUSED = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]|[. ]$')
_DEVICE = re.compile(r"(?i:con|prn|aux|nul|conin\$|conout\$|com[0-9\xb9\xb2\xb3]|lpt[0-9\xb9\xb2\xb3]) *(?:\..*)?")

_A_LINK = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}  # what a link is called where none is followed
_ABSENT = {*_A_LINK, errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENXIO, errno.EINVAL}

_FOLLOW_NONE = getattr(os, "O_NOFOLLOW", 0)
_STEP = _FOLLOW_NONE | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)
_GOES_STEPWISE = os.open in os.supports_dir_fd and _FOLLOW_NONE != 0  # not on Windows


class Folder:
    """A folder, looked at anew each time.

    Args:
        directory: Its path; links in it are followed.
        dotfiles: Whether names that start with a dot are opened.
    """

    def __init__(self, directory: str | os.PathLike[str], *, dotfiles: bool = False) -> None:
        self.path = str(Path(directory).absolute())
        self._dotfiles = dotfiles

    def allows(self, name: str) -> bool:
        """Tell whether a file or folder of that name may be asked for; "", "." and ".." never."""
        return not (
            not name
            or (name[0] == "." and (not self._dotfiles or name in (".", "..")))
            or "/" in name
            or _REFUSED.search(name)
            or _DEVICE.fullmatch(name)
        )

    def open(self, names: Sequence[str]) -> File | None:
        """Open a regular file; None if there is none to be had under that name.

        Args:
            names: Those of the folders that lead to it, and its own.

        Raises:
            IsADirectoryError: If it is a folder.
            OSError: If the system cannot open it though it is there, such as when too many files are open.
        """
        if not all(map(self.allows, names)):
            return None
        try:
            if _GOES_STEPWISE:
                try:
                    return _descend(self.path, names)
                except OSError as error:
                    if error.errno not in _A_LINK:
                        raise
            return self._open_resolved(names)
        except IsADirectoryError:
            raise
        except ValueError:  # a name that the system cannot spell
            return None
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise

    def _open_resolved(self, names: Sequence[str]) -> File | None:
        """Open what links lead to, if that is in the folder and could be asked for as well."""
        root = Path(os.path.realpath(self.path))
        real = Path(os.path.realpath(root.joinpath(*names)))
        if not real.is_relative_to(root):
            return None
        names = real.relative_to(root).parts
        if not all(map(self.allows, names)):
            return None
        return _descend(str(root), names) if _GOES_STEPWISE else open_file(str(real))


def _descend(root: str, names: Sequence[str]) -> File:
    if not names:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), root)
    folder = os.open(root, _STEP & ~_FOLLOW_NONE)
    try:
        for name in names[:-1]:
            deeper = os.open(name, _STEP, dir_fd=folder)
            os.close(folder)
            folder = deeper
        return open_file("/".join([root, *names]), names[-1], folder=folder, flags=_FOLLOW_NONE)
    finally:
        os.close(folder)
