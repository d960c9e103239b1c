"""Pictures kept: bytes under keys. Readers see a whole file or none, and no key leads out of the store."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.errors import NotFoundError, ServiceUnavailableError, ValidationError
from shared.image_keys import check_key

TEMPORARY_SUFFIX = ".tmp"
TEMPORARY_KEPT = timedelta(hours=1)
"""No write takes longer; what is older was left by a process that died."""

_FOLDER_MODE = 0o700
_FULL = {errno.ENOSPC, errno.EDQUOT}
_WRITE_ATTEMPTS = 3
"""Another process may remove an empty folder between its making and the writing; within one a lock prevents it."""


class StorageService(ABC):
    """Every method takes keys of `shared.image_keys` and raises ValidationError for anything else."""

    def __init__(self, base_url: str = "/images") -> None:
        self._base_url = base_url.rstrip("/")

    def upload_image(self, image_data: bytes, file_path: str, content_type: str | None = None) -> str:
        """Store under the key `file_path`, replacing what is there in one step, and return the relative URL.

        `content_type` is for stores that keep one. Raises ServiceUnavailableError when the store cannot take it;
        then nothing is left behind and the old picture stays.
        """
        self._write(check_key(file_path), image_data)
        return f"{self._base_url}/{file_path}"

    @abstractmethod
    def _write(self, key: str, data: bytes) -> None: ...

    @abstractmethod
    def read_image(self, key: str) -> bytes:
        """Raises NotFoundError."""

    @abstractmethod
    def get_image_path(self, file_path: str) -> Path:
        """An existing file with the picture of this key, to be read and not written. Raises NotFoundError."""

    @abstractmethod
    def delete_image(self, file_path: str) -> bool:
        """False when there was none."""

    @abstractmethod
    def delete_tree(self, prefix: str) -> int:
        """Delete everything under the folder `prefix` and return the number of pictures. "" is refused."""

    @abstractmethod
    def exists(self, key: str) -> bool: ...

    @abstractmethod
    def size(self, key: str) -> int:
        """Bytes. Raises NotFoundError."""

    @abstractmethod
    def written_at(self, key: str) -> datetime:
        """Raises NotFoundError."""

    @abstractmethod
    def keys(self, prefix: str = "") -> Iterator[str]:
        """Keys under the folder `prefix` ("" for all), sorted. What comes or goes meanwhile may be missed."""

    @abstractmethod
    def write_check(self) -> str | None:
        """None when pictures can be stored, else one sentence for the operator."""


class LocalStorage(StorageService):
    """A folder of this machine, private to the server's user. Links below the root are not followed."""

    def __init__(self, root: Path, base_url: str = "/images", *, fsync: bool = True) -> None:
        """`fsync`: wait until the disk has each picture, so that a power cut takes none that was reported stored."""
        super().__init__(base_url)
        root.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        self._root = root.resolve()
        self._fsync = fsync
        self._folders = threading.Lock()

    def read_image(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise _not_found() from error

    def get_image_path(self, file_path: str) -> Path:
        path = self._path(file_path)
        if not path.is_file():
            raise _not_found()
        return path

    def delete_image(self, file_path: str) -> bool:
        path = self._path(file_path)
        if not path.is_file():
            return False
        path.unlink(missing_ok=True)
        self._prune(path.parent)
        return True

    def delete_tree(self, prefix: str) -> int:
        folder = self._path(prefix)
        deleted = 0
        for parent, folders, files in os.walk(folder, topdown=False):
            for name in files:
                (Path(parent) / name).unlink(missing_ok=True)
                deleted += not name.startswith(".")
            for name in folders:
                self._remove_folder(Path(parent) / name)
        self._prune(folder)
        return deleted

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def size(self, key: str) -> int:
        return self.get_image_path(key).stat().st_size

    def written_at(self, key: str) -> datetime:
        return datetime.fromtimestamp(self.get_image_path(key).stat().st_mtime, UTC)

    def keys(self, prefix: str = "") -> Iterator[str]:
        folder = self._path(prefix) if prefix else self._root
        found = (path for path in _files(folder) if not path.name.startswith(".") and not path.is_symlink())
        return iter(sorted(path.relative_to(self._root).as_posix() for path in found))

    def write_check(self) -> str | None:
        try:
            self._write_file(self._root / ".check", b"ok")
            (self._root / ".check").unlink(missing_ok=True)
        except OSError as error:
            return "The image folder is full." if error.errno in _FULL else "The image folder cannot be written to."
        return None

    def sweep_temporary(self, now: datetime) -> int:
        """Delete what writes of a process that died left behind an hour ago or earlier; return how many."""
        swept = 0
        for path in _files(self._root):
            with suppress(FileNotFoundError):
                if _is_temporary(path) and datetime.fromtimestamp(path.stat().st_mtime, UTC) <= now - TEMPORARY_KEPT:
                    path.unlink()
                    swept += 1
        return swept

    def _path(self, key: str) -> Path:
        """Where a key lies. A link on the way would lead elsewhere, so its resolved path gives it away."""
        path = self._root / check_key(key)
        with suppress(RuntimeError):  # a link to itself
            if path.resolve() == path:
                return path
        raise ValidationError("That is not the name of a stored picture.")

    def _write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        try:
            self._write_file(path, data)
        except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
            raise ValidationError("That name is taken by a folder or leads through a picture.") from error
        except OSError as error:
            why = "is full" if error.errno in _FULL else "cannot be written to"
            raise ServiceUnavailableError(f"The image storage {why}. Nothing was stored.") from error

    def _write_file(self, path: Path, data: bytes) -> None:
        """A temporary file in the same folder, then a rename: the step is all or nothing."""
        descriptor, temporary = self._open_temporary(path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                if self._fsync:
                    os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if self._fsync:
            _sync_folder(path.parent)

    def _open_temporary(self, folder: Path, attempts: int = _WRITE_ATTEMPTS) -> tuple[int, Path]:
        """`mkstemp` gives the mode 0600. From here on the folder is not empty, so it stays."""
        try:
            with self._folders:
                self._make_folder(folder)
                descriptor, name = tempfile.mkstemp(prefix=".", suffix=TEMPORARY_SUFFIX, dir=folder)
        except FileNotFoundError:
            if attempts == 1:
                raise
            return self._open_temporary(folder, attempts - 1)
        return descriptor, Path(name)

    def _make_folder(self, folder: Path) -> None:
        """`Path.mkdir(parents=True)` would give the parents the mode of the umask."""
        if folder == self._root or folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)

    def _prune(self, folder: Path) -> None:
        """Remove `folder` and its parents as long as they are empty."""
        while folder != self._root and self._remove_folder(folder):
            folder = folder.parent

    def _remove_folder(self, folder: Path) -> bool:
        """False when it is not empty, or a link, or gone."""
        try:
            with self._folders:
                folder.rmdir()
        except OSError:
            return False
        return True


class MemoryStorage(StorageService):
    """The same promises without a disk, for tests and trials. `get_image_path` puts a copy into a temporary folder."""

    def __init__(self, base_url: str = "/images") -> None:
        super().__init__(base_url)
        self._pictures: dict[str, bytes] = {}
        self._written: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def read_image(self, key: str) -> bytes:
        data = self._pictures.get(check_key(key))
        if data is None:
            raise _not_found()
        return data

    def get_image_path(self, file_path: str) -> Path:
        data = self.read_image(file_path)
        with self._lock:
            self._folder = self._folder or tempfile.TemporaryDirectory()
            path = Path(self._folder.name, file_path.replace("/", "+"))
            path.write_bytes(data)
        return path

    def delete_image(self, file_path: str) -> bool:
        with self._lock:
            return self._pictures.pop(check_key(file_path), None) is not None

    def delete_tree(self, prefix: str) -> int:
        check_key(prefix)
        with self._lock:
            doomed = list(self._under(prefix))
            for key in doomed:
                del self._pictures[key]
        return len(doomed)

    def exists(self, key: str) -> bool:
        return check_key(key) in self._pictures

    def size(self, key: str) -> int:
        return len(self.read_image(key))

    def written_at(self, key: str) -> datetime:
        self.read_image(key)
        return self._written[key]

    def keys(self, prefix: str = "") -> Iterator[str]:
        with self._lock:
            return iter(sorted(self._under(check_key(prefix)) if prefix else self._pictures))

    def write_check(self) -> str | None:
        return None

    def _write(self, key: str, data: bytes) -> None:
        parents = {key[:at] for at, character in enumerate(key) if character == "/"}
        with self._lock:
            if parents & self._pictures.keys() or any(self._under(key)):
                raise ValidationError("That name is taken by a folder or leads through a picture.")
            self._pictures[key] = bytes(data)
            self._written[key] = datetime.now(UTC)

    def _under(self, prefix: str) -> Iterator[str]:
        return (key for key in self._pictures if key.startswith(f"{prefix}/"))


def _not_found() -> NotFoundError:
    return NotFoundError("There is no such picture (any more).")


def _files(folder: Path) -> Iterator[Path]:
    """`os.walk` and not `rglob`: a folder that vanishes meanwhile is no error."""
    return (Path(parent) / name for parent, _, files in os.walk(folder) for name in files)


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(".") and path.suffix == TEMPORARY_SUFFIX


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable. A folder that was deleted meanwhile needs none; Windows opens no folders."""
    with suppress(FileNotFoundError, PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
