"""A cell's outputs, collected within limits; a line at the end reports dropped ones.

All kept content counts, including names and errors, by the larger of its sizes in memory and in a file.

The messages are untrusted. Only texts are copied, key by key, and no metadata; pages sanitize them again when they are
rendered.
"""

from __future__ import annotations

import itertools
import json
import sys
from typing import TYPE_CHECKING, Any

from graphread.text import shortened
from netgrader.checks.diagnose import without_prelude
from netgrader.grading.kernel_link import UNREAD
from netgrader.strangers import table_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.grading.execution import ExecutionLimits, Output

__all__ = ["Collector"]

STREAMS = ("stdout", "stderr")
SHOWING = ("display_data", "execute_result", "stream", "error")


class KeptOutputs:
    """Limits on the parts of an output, in characters."""

    LONGEST_NAME = 200
    LONGEST_ERROR = 4_000
    LONGEST_TRACEBACK = 40_000
    MOST_MIME_TYPES = 12
    LONGEST_CHARACTER = 12
    """Bytes that a character may take in a file (``\\ud83d\\ude00``)."""
    LEAST_TEXT = 200


NOT_KEPT = (
    "… {dropped} more outputs are not kept: a cell may show {outputs} outputs and {cell:.3g} MB, "
    "a notebook {notebook:.3g} MB in all.\n"
)


class Collector:
    """Collects the outputs of one cell.

    `room` is the number of bytes left, since all cells share one limit.
    """

    def __init__(self, limits: ExecutionLimits, room: int = sys.maxsize) -> None:
        self._limits = limits
        self._room = min(room, limits.output_bytes)
        self._clear_first = False
        self._takers: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
            "stream": self._stream,
            "display_data": self._display,
            "execute_result": self._display,
            "update_display_data": self._update,
            "clear_output": self._clear_output,
            "error": self._error,
            UNREAD: self._unread,
        }
        self._clear()

    def _clear(self) -> None:
        self._outputs: list[dict[str, Any]] = []
        self._weights: list[int] = []
        self._text: _Text | None = None
        self._characters = self._limits.text_characters
        self._displays: dict[str, int] = {}
        self._dropped = 0

    @property
    def used(self) -> int:
        """The number of bytes that are kept."""
        return sum(self._weights)

    def take(self, kind: str, content: Mapping[str, Any]) -> None:
        """Process a message of the type `kind`; ignore unknown types."""
        if self._clear_first and kind in SHOWING:
            self._clear()
            self._clear_first = False
        if kind in self._takers:
            self._takers[kind](content)

    def outputs(self) -> tuple[Output, ...]:
        """Return the collected outputs."""
        self._end_text()
        if not self._dropped:
            return tuple(self._outputs)
        limits = self._limits
        text = NOT_KEPT.format(
            dropped=self._dropped,
            outputs=limits.outputs,
            cell=limits.output_bytes / 1e6,
            notebook=limits.notebook_output_bytes / 1e6,
        )
        return (*self._outputs, {"output_type": "stream", "name": "stdout", "text": text})

    def _stream(self, content: Mapping[str, Any]) -> None:
        name, text = content.get("name"), content.get("text")
        if name not in STREAMS or not isinstance(text, str):
            return
        if self._text is None or self._outputs[-1]["name"] != name:
            self._end_text()
            # If the cell's text limit is used up, a little of each further piece is still kept.
            room = (self._room - self.used) // KeptOutputs.LONGEST_CHARACTER
            most = max(KeptOutputs.LEAST_TEXT, min(room, self._characters))
            if not self._append(
                {"output_type": "stream", "name": name, "text": ""}, most * KeptOutputs.LONGEST_CHARACTER
            ):
                return
            self._text = _Text(most)
        self._text.add(text)

    def _end_text(self) -> None:
        """Store the last printed text, since other output follows."""
        if self._text is not None:
            kept = self._text.cut()
            self._outputs[-1]["text"] = kept
            self._characters -= len(kept)
            self._weights[-1] = _weight(self._outputs[-1])
            self._text = None

    def _display(self, content: Mapping[str, Any]) -> None:
        output = {"output_type": "display_data", "data": _bundle(content.get("data")), "metadata": {}}
        if self._append(output, _weight(output)):
            self._displays[_display_id(content)] = len(self._outputs) - 1
            self._displays.pop("", None)  # it has no id

    def _update(self, content: Mapping[str, Any]) -> None:
        """Replace the output with this display id, if there is room."""
        index = self._displays.get(_display_id(content))
        if index is None:
            return
        output = {**self._outputs[index], "data": _bundle(content.get("data"))}
        weight = _weight(output)
        if self.used - self._weights[index] + weight <= self._room:
            self._outputs[index], self._weights[index] = output, weight

    def _clear_output(self, _content: Mapping[str, Any]) -> None:
        """Clear the outputs when the next one arrives, so the last state stays visible."""
        self._clear_first = True

    def _error(self, content: Mapping[str, Any]) -> None:
        output = _error(content)
        self._append(output, _weight(output))

    def _unread(self, _content: Mapping[str, Any]) -> None:
        self._dropped += 1

    def _append(self, output: dict[str, Any], weight: int) -> bool:
        """Append an output of `weight` bytes if there is room; return whether it was kept."""
        self._end_text()
        if len(self._outputs) >= self._limits.outputs or self.used + weight > self._room:
            self._dropped += 1
            return False
        self._outputs.append(output)
        self._weights.append(weight)
        return True


class _Text:
    """Printed text: keeps its beginning and end, and only the last state of a line rewritten in place."""

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._head = ""
        self._tail = ""
        self._lost = 0

    def add(self, text: str) -> None:
        piece = 8 * self._half
        for begin in range(0, len(text), piece):
            self._tail += text[begin : begin + piece]
            if len(self._tail) > piece:  # only now and then, so that adding stays cheap
                self._shorten()

    def cut(self) -> str:
        self._shorten()
        text = self._tail.rstrip("\r")
        return f"{self._head}\n… {self._lost:,} characters are not kept …\n{text}" if self._lost else self._head + text

    def _shorten(self) -> None:
        *done, line = self._tail.split("\n")
        # The next text may rewrite this line.
        text = "\n".join([*map(_last_state, done), _last_state(line) + "\r" * line.endswith("\r")])
        if not self._head and len(text) > 2 * self._half:
            self._head, text = text[: self._half], text[self._half :]
        if self._head:
            self._lost += max(0, len(text) - self._half)
            text = text[-self._half :]
        self._tail = text


def _last_state(line: str) -> str:
    """Return a line's final state in a terminal: a carriage return restarts it."""
    return line.rstrip("\r").rpartition("\r")[2]


def _bundle(data: object) -> dict[str, str]:
    """Return the text entries of a MIME bundle; pages show only these."""
    items = itertools.islice(table_of(data).items(), KeptOutputs.MOST_MIME_TYPES)
    return {kind: value for kind, value in items if isinstance(value, str) and len(kind) <= KeptOutputs.LONGEST_NAME}


def _weight(output: object) -> int:
    """Return an output's size in bytes, the larger of those in memory and in a file."""
    return max(sys.getsizeof(json.dumps(output, ensure_ascii=False)), len(json.dumps(output)))


def _display_id(content: Mapping[str, Any]) -> str:
    """Return the id for updating an output; empty if it has none."""
    return _text(table_of(content.get("transient")).get("display_id"), KeptOutputs.LONGEST_NAME)


def _error(content: Mapping[str, Any]) -> dict[str, Any]:
    traceback = content.get("traceback")
    lines = map(text_of, traceback) if isinstance(traceback, list) else ()
    return {
        "output_type": "error",
        "ename": _text(content.get("ename"), KeptOutputs.LONGEST_NAME),
        "evalue": _text(without_prelude(text_of(content.get("evalue"))), KeptOutputs.LONGEST_ERROR),
        "traceback": ["\n".join(lines)[-KeptOutputs.LONGEST_TRACEBACK :]],
    }


def _text(value: object, most: int) -> str:
    return shortened(text_of(value), most)
