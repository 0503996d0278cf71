"""Output files: refused before the work if they cannot be written, and written whole or not."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .failure import CommandError


def check_writable(option: str, path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse an output file that could not be written when the work is done.

    Raises
    ------
    CommandError
        Wrong suffix, no such folder, a folder in its place, no permission, or too long a name.
    """
    if path.suffix.lower() not in suffixes:
        found = f"{path.suffix!r}" if path.suffix else "no suffix"
        raise CommandError(
            f"{option} {path}: expected a name that ends in {' or '.join(suffixes)}, found {found}"
        )
    if os.path.isdir(path):  # unlike Path.is_dir, False where it may not look
        raise CommandError(f"{option} {path}: expected a file, found a folder")
    try:
        with tempfile.TemporaryFile(dir=path.parent), suppress(FileNotFoundError):
            path.lstat()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"{option} {path}: cannot write there: {reason}") from None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that its name never shows a part of it.

    The bytes go to a temporary file in the same folder, reach the disk, and take the name in one
    step; a failure or an interrupt leaves what was there before.

    Raises
    ------
    CommandError
        The operating system refuses.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tokenmill-", suffix=".tmp")
    except OSError as error:
        raise CommandError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CommandError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        raise


def _umask() -> int:
    """Return the mask of new files; mkstemp ignores it and makes files private."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
