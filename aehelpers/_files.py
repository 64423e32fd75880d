"""What several rooms need to know about files: how to lock one, and how reading one fails."""

import sys
import zipfile
import zlib

# What reading a damaged or foreign .npz file can raise.
UNREADABLE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


def try_lock(file):
    """Locks an open file for this process; the system frees it when the process ends, however.

    Args:
        file: An open file.

    Returns:
        `True` if this process has the lock now, `False` if another one has it, and `None` where
        the file system knows no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True
