"""Writing files so that a crash leaves the old content or the new, never a part of either."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from tallystick.local.errors import FolderMalformed

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

Document = TypeVar("Document")


def make_private_folder(path: Path) -> Path:
    """The folder exists and only its owner can look inside."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    path.chmod(PRIVATE_FOLDER)
    return path


def write_atomically(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """`path` holds `content`, durably; no reader ever sees a part of it.

    Args:
        path: its folder exists.
        content: the whole file.
        mode: permissions from the first byte on.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Inside the block nobody else is inside a block of the same path, in any process or thread."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sync_folder(path: Path) -> None:
    """Names created in or removed from the folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_document(path: Path, document: object, *, mode: int = 0o644) -> None:
    """`path` holds the document as indented JSON."""
    write_atomically(path, msgspec.json.format(msgspec.json.encode(document)) + b"\n", mode=mode)


def read_document(path: Path, kind: type[Document]) -> Document | None:
    """The document in `path`, None where there is no such file.

    Raises:
        FolderMalformed: the file holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise FolderMalformed(
            f"{path} cannot be read", expected=f"a {kind.__name__} as JSON", actual=str(error)
        ) from error
