"""What a cell shows, collected within limits: a million printed lines or a giant picture cost a line that says so.

The messages are a stranger's. Only values of the types that nbformat knows are taken over, key by key, and metadata not
at all; what pages show of them is sanitised again where they are made.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from netgrader.checks.stopped import without_prelude

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.grading.execution_types import ExecutionLimits, Output

__all__ = ["Collector"]

STREAMS = ("stdout", "stderr")
LONGEST_NAME = 200
LONGEST_ERROR = 4_000
LONGEST_TRACEBACK = 40_000
MOST_MIME_TYPES = 12


class Collector:
    """Collects the outputs of one cell.

    Parameters
    ----------
    limits
        How much is kept.
    """

    def __init__(self, limits: ExecutionLimits) -> None:
        self._limits = limits
        self._outputs: list[dict[str, Any]] = []
        self._texts: dict[int, _Text] = {}
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
            self._append(_error(content), LONGEST_ERROR)

    def outputs(self) -> tuple[Output, ...]:
        """What was collected."""
        for index, text in self._texts.items():
            self._outputs[index]["text"] = text.cut()
        found = list(self._outputs)
        if self._dropped:
            found.append(_said(f"… {self._dropped} more outputs are not kept.\n"))
        return tuple(found)

    def _stream(self, content: Mapping[str, Any]) -> None:
        name, text = content.get("name"), content.get("text")
        if name not in STREAMS or not isinstance(text, str):
            return
        self._clear_if_asked()
        last = len(self._outputs) - 1
        if last in self._texts and self._outputs[last]["name"] == name:
            self._texts[last].add(text)
        elif self._append({"output_type": "stream", "name": name, "text": ""}, 0):
            index = len(self._outputs) - 1
            self._texts[index] = _Text(self._limits.text_characters)
            self._texts[index].add(text)

    def _display(self, kind: str, content: Mapping[str, Any]) -> None:
        data = _bundle(content.get("data"))
        output: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
        if kind == "execute_result":
            count = content.get("execution_count")
            output["execution_count"] = count if isinstance(count, int) and abs(count) < 1_000_000 else None
        self._clear_if_asked()
        if self._append(output, _bundle_size(data)):
            identity = _display_id(content)
            if identity is not None:
                self._displays.setdefault(identity, []).append(len(self._outputs) - 1)

    def _update(self, content: Mapping[str, Any]) -> None:
        data = _bundle(content.get("data"))
        size = _bundle_size(data)
        for index in self._displays.get(_display_id(content) or "", []):
            self._size += size - _bundle_size(self._outputs[index]["data"])
            if self._size > self._limits.output_bytes:
                self._size -= size
                data, size = {"text/plain": "… too large to be kept"}, 0
            self._outputs[index]["data"] = data

    def _append(self, output: dict[str, Any], size: int) -> bool:
        if len(self._outputs) >= self._limits.outputs or self._size + size > self._limits.output_bytes:
            self._dropped += 1
            return False
        self._size += size
        self._outputs.append(output)
        return True

    def _clear(self) -> None:
        self._outputs.clear()
        self._texts.clear()
        self._displays.clear()
        self._size = 0
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
    """What a terminal shows of a line in the end: a carriage return begins it anew."""
    return line.rstrip("\r").rpartition("\r")[2]


def _bundle(data: object) -> dict[str, Any]:
    """A mime bundle with text as text; what is neither text nor JSON is left out."""
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


def _display_id(content: Mapping[str, Any]) -> str | None:
    transient = content.get("transient")
    identity = transient.get("display_id") if isinstance(transient, dict) else None
    return identity if isinstance(identity, str) and len(identity) <= LONGEST_NAME else None


def _error(content: Mapping[str, Any]) -> dict[str, Any]:
    traceback = content.get("traceback")
    lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
    kept, size = [], 0
    for line in reversed(lines):
        size += len(line)
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
