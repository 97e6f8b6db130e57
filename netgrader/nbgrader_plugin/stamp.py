"""When a submission was handed in, by the file that lies beside its notebooks: text of a stranger's like all the rest."""

from __future__ import annotations

import os
import re
from datetime import datetime
from stat import S_ISREG
from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FILE", "NO_TIME", "handed_in", "time_of"]

FILE = "timestamp.txt"
LONGEST = 200  # bytes of it that are read
NBGRADERS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} UTC")
NO_TIME = (
    "The file timestamp.txt beside the notebooks holds no time, so nbgrader cannot tell whether they came late. "
    "Correct or delete it, and call again."
)


def handed_in(folder: Path | str) -> datetime | None:
    """The time in ``timestamp.txt`` of a submission's `folder`, in UTC without a zone; None if there is none or it is empty.

    Raises
    ------
    NetgraderError
        If it holds something else than a time.
    """
    stamp = f"{folder}/{FILE}"  # a text: a list of ten thousand asks for as many
    try:
        if not S_ISREG(os.lstat(stamp).st_mode):
            return None
        with open(stamp, "rb", buffering=0) as file:  # noqa: PTH123  (likewise)
            text = file.read(LONGEST).decode().strip()
        return time_of(text) if text else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except Exception as error:  # whatever nbgrader's parser makes of a stranger's text
        raise NetgraderError(NO_TIME) from error


def time_of(text: str) -> datetime:
    """A time as nbgrader writes or takes it, in UTC without a zone; whatever its parser raises if it is none."""
    if NBGRADERS.fullmatch(text):  # as nbgrader writes it: a hundredth of what the parser of any form takes
        return datetime.fromisoformat(text.removesuffix(" UTC"))
    from nbgrader.utils import parse_utc  # noqa: PLC0415  (slow)

    found: datetime = parse_utc(text)
    return found
