"""A release on the web: notebooks that fetch an archive of their other files in Google Colab."""

from __future__ import annotations

import hashlib
import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import nbformat

from netgrader.files import write_bytes, zipped

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["WebAddress", "add_fetching", "with_fetching"]

BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({address})"
FETCH = """\
# In Google Colab this fetches the files that belong to the notebook; elsewhere it does nothing.
import sys

if "google.colab" in sys.modules:
    import hashlib
    import io
    import urllib.request
    import zipfile

    with urllib.request.urlopen({address!r}) as files:
        fetched = files.read()
    if hashlib.sha256(fetched).hexdigest() != {digest!r}:
        raise RuntimeError(
            "The files that this notebook fetched are not the ones that it was released with, so nothing was unpacked. "
            "Open the notebook again from your course's page and run this cell. If it stops here again, tell your instructor."
        )
    zipfile.ZipFile(io.BytesIO(fetched)).extractall()"""
FETCH_ID = "fetch-in-colab"
FIRST_WITH_IDS = 5
"""Cells have ids since nbformat 4.5; older versions do not allow them."""


@dataclass(frozen=True)
class WebAddress:
    """A release's web address: the GitHub page of a folder, from which Colab opens notebooks."""

    url: str
    """``[release] url`` of ``exercises.toml``."""

    def file(self, name: str) -> str:
        """Return the URL of a file's raw content."""
        owner, repository, folder = self._parts
        return f"{_quoted(f'https://raw.githubusercontent.com/{owner}/{repository}/{folder}')}/{quote(name)}"

    def colab(self, notebook: str) -> str:
        """Return the URL that opens a notebook in Colab."""
        owner, repository, folder = self._parts
        page = _quoted(f"https://colab.research.google.com/github/{owner}/{repository}/blob/{folder}")
        return f"{page}/{quote(notebook)}.ipynb"

    @property
    def _parts(self) -> tuple[str, str, str]:
        """Owner, repository, and branch with folder."""
        owner, repository, _, folder = self.url.removeprefix("https://github.com/").split("/", 3)
        return owner, repository, folder


def _quoted(folder: str) -> str:
    """Return a URL for `urllib` and Markdown links: ASCII only, no parentheses."""
    return quote(folder.rstrip("/"), safe=re.sub(r"[()]", "", string.punctuation))


def add_fetching(release: Path, assignment: str, address: WebAddress) -> None:
    """Write an archive of the `release` folder's other files, and add a cell that fetches it.

    The archive's name contains a hash of its content, so a notebook opened before a later release still fetches its own files.
    """
    files = sorted(path for path in release.rglob("*") if path.is_file() and path.suffix != ".ipynb")
    content = zipped({f"{assignment}/{path.relative_to(release).as_posix()}": path.read_bytes() for path in files})
    digest = hashlib.sha256(content).hexdigest()
    archive = f"{assignment}-{digest[:12]}.zip"
    write_bytes(release / archive, content)
    for path in release.glob("*.ipynb"):
        path.write_bytes(with_fetching(path.read_bytes(), path.stem, address.file(archive), digest, address))


def with_fetching(content: bytes, name: str, archive: str, digest: str, address: WebAddress) -> bytes:
    """Return notebook `name` with a badge below the title and a first code cell that fetches `archive`.

    `archive` is the web address of a zip file, `digest` its SHA-256 in hexadecimal digits.
    """
    notebook = nbformat.reads(content.decode("utf-8"), as_version=nbformat.NO_CONVERT)
    for first in notebook.cells[:1]:
        if first.cell_type == "markdown" and "nbgrader" not in first.metadata:
            title, line, text = first.source.partition("\n")
            first.source = f"{title}\n\n{BADGE.format(address=address.colab(name))}{line}{text}"
    place = next((place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"), len(notebook.cells))
    cell = nbformat.v4.new_code_cell(FETCH.format(address=archive, digest=digest), id=FETCH_ID)
    if notebook.nbformat_minor < FIRST_WITH_IDS:
        del cell["id"]
    notebook.cells.insert(place, cell)
    return str(nbformat.writes(notebook) + "\n").encode()
