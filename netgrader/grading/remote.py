"""Results in an object store that many machines share, through fsspec: S3, Google's, Azure's, or any folder by URL.

A result is one object, a zip archive, so that it is there whole or not at all. A machine has a folder of results of its
own before it, and reads from there what it has read once. What comes back is held against its hashes like what lies in
the folder, so a damaged object is noticed and made again.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from netgrader.errors import UsageError
from netgrader.grading.store import Store, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.course import Course

__all__ = ["ObjectStore", "open_store"]

SUFFIX = ".zip"
PARTS = "parts"  # what is half written, where a store shows that
# In a fixed order and with fixed times the same result is the same object.
EPOCH = (1980, 1, 1, 0, 0, 0)


def open_store(course: Course) -> Store:
    """The store of a course: its folder, and before others' eyes the object store, if one is named."""
    url = course.store_url
    return Store(course.scratch / "store", ObjectStore(url) if url else None)


class ObjectStore:
    """Results under a URL of fsspec's, such as ``s3://bucket/digits``.

    Raises
    ------
    UsageError
        If fsspec or what it needs for this kind of URL is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            import fsspec  # noqa: PLC0415  (needed here only)

            files, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise UsageError(
                f"NETGRADER_STORE names {url}, which cannot be opened here: {error}. Type pip install 'fsspec>=2024.6', "
                "and what fsspec asks for beside it, such as s3fs."
            ) from error
        self._url = url
        self._files: Any = files
        self._root = root.rstrip("/")

    def fetch(self, name: str, folder: Path) -> bool:
        """Bring the result called `name` into the empty `folder`; whether there is one.

        Raises
        ------
        StoreError
            If the object store does not answer.
        """
        try:
            content = self._files.cat_file(self._path(name))
        except FileNotFoundError:
            return False
        except Exception as error:
            raise self._no_answer(error) from error
        _unpack(content, folder)
        return True

    def send(self, name: str, folder: Path) -> None:
        """Put the result in `folder` there, in one step.

        Raises
        ------
        StoreError
            If the object store does not take it.
        """
        path = self._path(name)
        part = f"{self._root}/{PARTS}/{uuid.uuid4().hex}{SUFFIX}"
        try:
            if "file" in _kinds(self._files):
                # A folder shows what is half written, which an object store does not.
                self._files.makedirs(f"{self._root}/{PARTS}", exist_ok=True)
                self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
                self._files.pipe_file(part, _packed(folder))
                self._files.mv(part, path)
            else:
                self._files.pipe_file(path, _packed(folder))
        except Exception as error:
            raise self._no_answer(error) from error

    def drop(self, name: str) -> None:
        """Remove the result called `name`, if there is one."""
        try:
            self._files.rm_file(self._path(name))
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._no_answer(error) from error

    def write(self, name: str, content: bytes) -> None:
        """Put a small object there that is no result."""
        try:
            path = f"{self._root}/{name}"
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, content)
        except Exception as error:
            raise self._no_answer(error) from error

    def read(self, name: str) -> bytes | None:
        """A small object that is no result; None if there is none."""
        try:
            content: bytes = self._files.cat_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._no_answer(error) from error
        return content

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}{SUFFIX}"

    def _no_answer(self, error: Exception) -> StoreError:
        return StoreError(
            f"The store {self._url} does not answer: {type(error).__name__}: {error}. What it has stays good; see that it "
            "can be reached from here, and call again."
        )


def _kinds(files: Any) -> tuple[str, ...]:
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _packed(folder: Path) -> bytes:
    """A folder as an archive, the same bytes for the same files; what is trained hardly compresses, so nothing is."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.writestr(
                    zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH),
                    path.read_bytes(),
                    compress_type=zipfile.ZIP_STORED,
                )
    return stream.getvalue()


def _unpack(content: bytes, folder: Path) -> None:
    """Write an archive's files below `folder` and nowhere else; of a damaged one nothing, so that its hashes are wrong."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                parts = PurePosixPath(name).parts
                if name.startswith("/") or ".." in parts or "\\" in name:
                    return
                target = folder.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, RuntimeError):
        return
