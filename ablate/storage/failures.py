"""What has failed when a storage fails: whether it can pass, and what a person can do."""

from __future__ import annotations

import errno

LASTING = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError)
LASTING_CODES = {errno.EINVAL, errno.ENAMETOOLONG, errno.EFBIG, errno.EPERM, errno.ENOSYS}


def is_passing(error: OSError) -> bool:
    """Whether it can end by itself or by somebody's hand: a full disk, a server or a network that is away."""
    return not isinstance(error, LASTING) and error.errno not in LASTING_CODES


def explain(error: OSError) -> str:
    """The reason and what to do about it, in one line."""
    reason = " ".join((error.strerror or str(error)).split())
    return f"{reason}; {_remedy(error)}"


def _remedy(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "see that you may read and write there, or pass --store"
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}:
        return "free space or pass --store"
    return "see that it can be reached, or pass --store"
