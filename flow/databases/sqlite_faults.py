"""What SQLite's errors mean for us. Their messages name tables at most, never values."""

from flow.errors import Broken, TurvaktError, Unavailable

RESTORE = "Stop Turvakt, move the file away and restore a copy; 'turvakt run' makes a new one if there is none"
_FULL = "Free some space; Turvakt goes on by itself"


def translated(error: BaseException | None, *, place: str) -> TurvaktError:
    """Our error for one of the driver's or of the file system's."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable("the database is locked by another process", place=place, remedy="It is tried again")
    if name.startswith("SQLITE_FULL") or getattr(error, "errno", None) == 28:
        return Unavailable("the disk is full", place=place, remedy=_FULL)
    if name.startswith("SQLITE_IOERR"):
        return Unavailable("the disk cannot be read or written", place=place, remedy=_FULL)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Broken("the database is damaged or is no database", place=place, remedy=RESTORE)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")) or isinstance(error, OSError):
        return Broken("the database cannot be opened for writing", place=place, remedy="Check owner and rights")
    return Broken(f"the database refused a statement ({name or type(error).__name__})", place=place)
