"""A release on the web: notebooks that fetch in Google Colab what lies beside them, and the folder to put there."""

from __future__ import annotations

import hashlib
import re
import shutil
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import nbformat

from netgrader.files import write_bytes, zipped

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ["GITHUB", "ON_GITHUB", "WebAddress", "add_fetching", "with_fetching", "write_site"]

ON_GITHUB = "https://github.com/"
GITHUB = re.compile(re.escape(ON_GITHUB) + r"([\w.-]+)/([\w.-]+)/(?:tree|blob)/([\w.-]+)(/[^?#]*)?")
"""A folder of a repository, as its page is called."""
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
"""Cells have ids since version 4.5 of the notebooks' format; before that none is allowed."""


@dataclass(frozen=True)
class WebAddress:
    """Where a release lies on the web, as ``[release] url`` of ``exercises.toml`` says.

    Colab opens notebooks from GitHub, from gists and from Google's drive, and from nowhere else: at any other address a
    notebook is uploaded to Colab, and fetches the other files from there all the same.
    """

    url: str
    """``https://…``: a folder of files, or the page of a folder in a repository on GitHub."""

    def file(self, name: str) -> str:
        """Return where the content of a file is."""
        on_github = GITHUB.fullmatch(self.url)
        folder = "https://raw.githubusercontent.com/{}/{}/{}{}".format(*on_github.groups("")) if on_github else self.url
        return f"{_quoted(folder)}/{quote(name)}"

    def colab(self, notebook: str) -> str | None:
        """Return the address that opens a notebook in Colab; None if there is none."""
        on_github = GITHUB.fullmatch(self.url)
        if on_github is None:
            return None
        folder = "https://colab.research.google.com/github/{}/{}/blob/{}{}".format(*on_github.groups(""))
        return f"{_quoted(folder)}/{quote(notebook)}.ipynb"


def _quoted(folder: str) -> str:
    """Return an address as `urllib` takes it and a link in Markdown holds it: only letters of ASCII, no parentheses."""
    return quote(folder.rstrip("/"), safe=re.sub(r"[()]", "", string.punctuation))


def add_fetching(release: Path, assignment: str, address: WebAddress) -> None:
    """Add to each notebook in the folder `release` the cell that fetches the archive of what lies beside it."""
    archive, content = _archive(release, assignment)
    digest = hashlib.sha256(content).hexdigest()
    for path in release.glob("*.ipynb"):
        path.write_bytes(with_fetching(path.read_bytes(), path.stem, address.file(archive), digest, address))


def _archive(release: Path, assignment: str) -> tuple[str, bytes]:
    """Return the name and content of the archive of everything beside a release's notebooks, which hold its hash.

    The name tells the content: a notebook that was opened before a later release still fetches its own files.
    """
    files = sorted(path for path in release.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    held = {path.relative_to(release).as_posix(): path.read_bytes() for path in files if path.suffix != ".ipynb"}
    content = zipped({f"{assignment}/{name}": inside for name, inside in held.items()})
    return f"{assignment}-{hashlib.sha256(content).hexdigest()[:12]}.zip", content


def with_fetching(content: bytes, name: str, archive: str, digest: str, address: WebAddress) -> bytes:
    """Return the notebook `name` with a badge below its title and, before its first code, a cell that fetches `archive`.

    `archive` is the web address of a zip file, `digest` its SHA-256 in hexadecimal digits.
    """
    notebook = nbformat.reads(content.decode("utf-8"), as_version=nbformat.NO_CONVERT)
    colab = address.colab(name)
    first = notebook.cells[0] if notebook.cells else None
    if colab is not None and first is not None and first.cell_type == "markdown" and "nbgrader" not in first.metadata:
        title, line, text = first.source.partition("\n")
        first.source = f"{title}\n\n{BADGE.format(address=colab)}{line}{text}"
    place = next((place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"), len(notebook.cells))
    cell = nbformat.v4.new_code_cell(FETCH.format(address=archive, digest=digest), id=FETCH_ID)
    if notebook.nbformat_minor < FIRST_WITH_IDS:
        del cell["id"]
    notebook.cells.insert(place, cell)
    return str(nbformat.writes(notebook) + "\n").encode()


def write_site(release: Path, folder: Path, every_notebook: Collection[str]) -> None:
    """Write into `folder` what belongs at the address: a release's notebooks, and the archive that they fetch.

    Of `every_notebook` of the assignment those that are not released are removed there: a later one answers an earlier one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in every_notebook:
        (folder / f"{name}.ipynb").unlink(missing_ok=True)
    archive, content = _archive(release, release.name)
    write_bytes(folder / archive, content)
    for path in release.glob("*.ipynb"):
        shutil.copyfile(path, folder / path.name)
