"""Functions that tests run within limits; their results tell what they did."""

import os
import pickle
import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from netgrader.limited import within_limits


@dataclass(frozen=True)
class Found:
    where: Path
    when: datetime | None = None
    names: frozenset[str] = frozenset()


class Bomb:
    """Has whoever unpickles it make a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


def found(folder: Path) -> tuple[Found, ...]:
    return (Found(folder / "a", datetime(2026, 1, 2), frozenset({"ada"})), Found(folder / "b"))  # noqa: DTZ001


def process() -> int:
    return os.getpid()


def process_by_way_of_another() -> int:
    return within_limits(process)


def length(text: str) -> int:
    return len(text)


def wait(seconds: float) -> None:
    time.sleep(seconds)


def for_ever() -> None:
    re.match("(a*)*b", "a" * 60)  # no library hears of Ctrl-C, or of a timer of Python's, in there


def all_memory() -> None:
    bytearray(3_000_000_000)


def says(value: Any) -> int:
    """Says that it returns a number, and returns what it is told."""
    return value


def says_pickled(folder: Path) -> int:
    return pickle.dumps(Bomb(folder / "unpickled"))


def says_too_much() -> bytes:
    return bytes(1_000_000)


def raises(kind: type[Exception], said: str) -> None:
    raise kind(said)
