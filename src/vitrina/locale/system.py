"""Why the operating system refused, in the user's language."""

from __future__ import annotations

import errno
from collections.abc import Callable

from vitrina.locale import say

# In the system's own words, so that in English nothing changes.
USUAL: dict[int, Callable[[], str]] = {
    errno.ENOENT: lambda: say("No such file or directory"),
    errno.EACCES: lambda: say("Permission denied"),
    errno.EPERM: lambda: say("Operation not permitted"),
    errno.EISDIR: lambda: say("Is a directory"),
    errno.ENOTDIR: lambda: say("Not a directory"),
    errno.EEXIST: lambda: say("File exists"),
    errno.ENOSPC: lambda: say("No space left on device"),
    errno.EROFS: lambda: say("Read-only file system"),
    errno.ENAMETOOLONG: lambda: say("File name too long"),
    errno.EMFILE: lambda: say("Too many open files"),
    errno.EADDRINUSE: lambda: say("Address already in use"),
}


def reason_of(error: BaseException) -> str:
    """What the system says, "Permission denied"; what the error says itself where it is none of the system's."""
    number = getattr(error, "errno", None)
    if number in USUAL:
        return USUAL[number]()
    return getattr(error, "strerror", None) or str(error)
