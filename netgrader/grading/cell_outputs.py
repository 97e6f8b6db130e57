"""What a cell shows, collected within limits: a million printed lines or a giant picture cost a line that says so.

All that is kept counts, text, names and errors, too, as what it takes in memory or in a file, whichever is more.

The messages are a stranger's. Only values of the types that nbformat knows are taken over, key by key, and metadata not
at all; what pages show of them is sanitised again where they are made.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from netgrader.checks.diagnose import without_prelude
from netgrader.grading.kernel_link import UNREAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.grading.execution import ExecutionLimits, Output

__all__ = ["Collector"]

STREAMS = ("stdout", "stderr")
LONGEST_NAME = 200
LONGEST_ERROR = 4_000
LONGEST_TRACEBACK = 40_000
MOST_MIME_TYPES = 12
LONGEST_CHARACTER = 12
"""Bytes of a file's that a character may take (``\\ud83d\\ude00``)."""
LEAST_TEXT = 200
FRAME = 1_000
"""Bytes of an output around what it shows, at most."""


class Collector:
    """Collects the outputs of one cell.

    Since all cells have one limit, `room` is how many bytes may be kept.

    Attributes
    ----------
    used
        How many of them are kept, once `outputs` has been asked for.
    """

    def __init__(self, limits: ExecutionLimits, room: int | None = None) -> None:
        self._limits = limits
        self._room = limits.notebook_output_bytes if room is None else room
        self._characters = limits.text_characters
        self.used = 0
        self._outputs: list[dict[str, Any]] = []
        self._text: _Text | None = None
        self._charged: list[tuple[int, int]] = []
        self._displays: dict[str, list[int]] = {}
        self._size = 0
        self._dropped = 0
        self._clear_first = False

    def take(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take a message of the type `kind`; unknown types are nothing to show."""
        if kind == "stream":
            self._stream(content)
        elif kind in ("display_data", "execute_result"):
            self._display(kind, content)
        elif kind == "update_display_data":
            self._update(content)
        elif kind == "clear_output":
            if content.get("wait") is True:
                self._clear_first = True
            else:
                self._clear()
        elif kind == "error":
            error = _error(content)
            self._append(error, LONGEST_ERROR, _weight(error))
        elif kind == UNREAD:
            self._dropped += 1

    def outputs(self) -> tuple[Output, ...]:
        """Return what was collected."""
        self._end_text()
        found = list(self._outputs)
        if self._dropped:
            limits = self._limits
            allowed = f"{limits.outputs} outputs and {limits.output_bytes / 1e6:.3g} MB"
            allowed += f", a notebook {limits.notebook_output_bytes / 1e6:.3g} MB in all"
            found.append(_said(f"… {self._dropped} more outputs are not kept: a cell may show {allowed}.\n"))
        return tuple(found)

    def _stream(self, content: Mapping[str, Any]) -> None:
        name, text = content.get("name"), content.get("text")
        if name not in STREAMS or not isinstance(text, str):
            return
        self._clear_if_asked()
        if self._text is None or self._outputs[-1]["name"] != name:
            # What has been kept of the cell's text is no more to be had; of each further piece a little still is.
            most = min(max(self._characters, LEAST_TEXT), (self._room - self.used) // LONGEST_CHARACTER)
            weight = max(most, LEAST_TEXT) * LONGEST_CHARACTER
            if not self._append({"output_type": "stream", "name": name, "text": ""}, 0, weight):
                return
            self._text = _Text(most)
        self._text.add(text)

    def _end_text(self) -> None:
        """Keep of what was printed last what is to be kept: something else follows."""
        if self._text is not None:
            kept = self._text.cut()
            self._outputs[-1]["text"] = kept
            self._characters -= len(kept)
            self._charge(len(self._outputs) - 1, 0, _weight(self._outputs[-1]))
            self._text = None

    def _display(self, kind: str, content: Mapping[str, Any]) -> None:
        data = _bundle(content.get("data"))
        output: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
        if kind == "execute_result":
            count = content.get("execution_count")
            output["execution_count"] = count if isinstance(count, int) and abs(count) < 1_000_000 else None
        self._clear_if_asked()
        if self._append(output, _bundle_size(data), _weight(output)):
            identity = _display_id(content)
            if identity is not None:
                self._displays.setdefault(identity, []).append(len(self._outputs) - 1)

    def _update(self, content: Mapping[str, Any]) -> None:
        data = _bundle(content.get("data"))
        size, weight = _bundle_size(data), FRAME + _weight(data)
        for index in self._displays.get(_display_id(content) or "", []):
            self._charge(index, 0, FRAME)
            if self._fits(size, weight):
                self._charge(index, size, weight)
                self._outputs[index]["data"] = data
            else:
                self._outputs[index]["data"] = {"text/plain": "… too large to be kept"}

    def _append(self, output: dict[str, Any], size: int, weight: int) -> bool:
        """Keep an output of `size` bytes of content that takes `weight` in all, if there is room for it."""
        self._end_text()
        if len(self._outputs) >= self._limits.outputs or not self._fits(size, weight):
            self._dropped += 1
            return False
        self._outputs.append(output)
        self._charged.append((0, 0))
        self._charge(len(self._outputs) - 1, size, weight)
        return True

    def _fits(self, size: int, weight: int) -> bool:
        return self._size + size <= self._limits.output_bytes and self.used + weight <= self._room

    def _charge(self, index: int, size: int, weight: int) -> None:
        """Count an output as so large from now on."""
        old_size, old_weight = self._charged[index]
        self._charged[index] = (size, weight)
        self._size += size - old_size
        self.used += weight - old_weight

    def _clear(self) -> None:
        self._text = None
        self._outputs.clear()
        self._charged.clear()
        self._displays.clear()
        self._size = self.used = 0
        self._characters = self._limits.text_characters
        self._clear_first = False

    def _clear_if_asked(self) -> None:
        if self._clear_first:
            self._clear()


class _Text:
    """Printed text of which the beginning and the end are kept, and of a line rewritten in place its last state."""

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._head = ""
        self._tail = ""
        self._line = ""
        self._lost = 0

    def add(self, text: str) -> None:
        if len(text) > 8 * self._half > 0:  # nothing of what lies between would be kept
            middle = len(text) - 4 * self._half
            self.add(text[: 2 * self._half])
            self._lost += middle
            text = text[-2 * self._half :]
        *done, self._line = (self._line + text).split("\n")
        if done:
            self._keep("".join(_last_state(line) + "\n" for line in done))
        if "\r" in self._line:
            self._line = _last_state(self._line) + ("\r" if self._line.endswith("\r") else "")
        if len(self._line) > self._half:
            self._keep(self._line)
            self._line = ""

    def cut(self) -> str:
        self._keep(_last_state(self._line))
        self._line = ""
        self._cut_tail()
        if not self._lost:
            return self._head + self._tail
        return f"{self._head}\n… {self._lost:,} characters are not kept …\n{self._tail}"

    def _keep(self, text: str) -> None:
        room = self._half - len(self._head) if not self._tail else 0
        self._head += text[:room]
        self._tail += text[room:]
        if len(self._tail) > 2 * self._half:  # cut now and then, so that adding stays cheap
            self._cut_tail()

    def _cut_tail(self) -> None:
        surplus = len(self._tail) - self._half
        if surplus > 0:
            self._tail = self._tail[surplus:]
            self._lost += surplus


def _last_state(line: str) -> str:
    """Return what a terminal shows of a line in the end: a carriage return begins it anew."""
    return line.rstrip("\r").rpartition("\r")[2]


def _bundle(data: object) -> dict[str, Any]:
    """Return a mime bundle with text as text; what is neither text nor JSON is left out."""
    found: dict[str, Any] = {}
    if not isinstance(data, dict):
        return found
    for kind, value in list(data.items())[:MOST_MIME_TYPES]:
        if not isinstance(kind, str) or len(kind) > LONGEST_NAME:
            continue
        if isinstance(value, str):
            found[kind] = value
        elif isinstance(value, list) and all(isinstance(line, str) for line in value):
            found[kind] = "".join(value)
        elif kind.endswith("json"):
            found[kind] = value
    return found


def _bundle_size(data: Mapping[str, Any]) -> int:
    return sum(len(value) if isinstance(value, str) else len(json.dumps(value)) for value in data.values())


def _weight(value: object) -> int:
    """Return bytes that a value takes in memory, or in a file where that is more."""
    size, todo = 0, [value]
    while todo:
        node = todo.pop()
        size += sys.getsizeof(node)
        if isinstance(node, dict):
            todo.extend(node)
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
    return max(size, len(json.dumps(value)))


def _display_id(content: Mapping[str, Any]) -> str | None:
    transient = content.get("transient")
    identity = transient.get("display_id") if isinstance(transient, dict) else None
    return identity if isinstance(identity, str) and len(identity) <= LONGEST_NAME else None


def _error(content: Mapping[str, Any]) -> dict[str, Any]:
    traceback = content.get("traceback")
    lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
    kept, size = [], 0
    for line in reversed(lines):
        size += 1 + len(line)
        if size > LONGEST_TRACEBACK:
            kept.append("…")
            break
        kept.append(line)
    return {
        "output_type": "error",
        "ename": _text(content.get("ename"), LONGEST_NAME),
        "evalue": _text(without_prelude(str(content.get("evalue") or "")), LONGEST_ERROR),
        "traceback": kept[::-1],
    }


def _text(value: object, most: int) -> str:
    text = value if isinstance(value, str) else ""
    return text if len(text) <= most else text[: most - 1] + "…"


def _said(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}
