"""The exporter that nbgrader's autograde reads submissions with: it leaves the reading of the file to us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter

__all__ = ["SubmissionExporter"]


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Starts each notebook empty: our preprocessors fill it, from the submission as it was handed in.

    nbgrader would read the file itself and fail the whole submission where it is no notebook.
    """

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """As nbconvert's, without opening the file."""
        path = Path(filename)
        resources = resources if resources is not None else {}
        resources.setdefault("metadata", {})
        resources["metadata"].update(name=path.stem, path=str(path.parent), modified_date="")
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kw)
