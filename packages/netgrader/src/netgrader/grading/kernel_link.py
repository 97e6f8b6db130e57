"""Run pieces of code in a sandboxed kernel, with deadlines, and collect their output.

Messages are untrusted: only the header is parsed before a message is known to be relevant, large ones are never parsed, and
floods are stopped. A kernel may lie about having finished; the next piece then waits in the kernel's queue.
"""

from __future__ import annotations

import itertools
import select
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from graphread.text import shortened
from netgrader.checks.diagnose import without_prelude
from netgrader.strangers import read_finite_json, table_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from notebook_cage.kernel import CagedKernel
    from notebook_cage.kernel_channel import KernelChannel

__all__ = ["UNREAD", "Ended", "Link", "Reply"]

DELIMITER = b"<IDS|MSG>"


class KernelLimits:
    """Limits on a kernel's messages, and timeouts in seconds."""

    LARGEST_HEADER = 100_000
    DEEPEST = 100
    """Maximum nesting of a message; plot and widget libraries reach 20."""
    MOST_VALUES = 400_000
    """Maximum values in a message, as `read_finite_json` counts; a plot of 100,000 points has half as many."""
    TICK_MS = 100
    LAST_OUTPUT = 2.0
    """Seconds that output may arrive after a cell has ended."""
    SILENCE = 20.0
    """Seconds in which a kernel must report that it has begun, which it does before running anything."""
    GIVE_WAY = 6.0
    """Seconds that an interrupted cell has to end."""


UNREAD = "unread"


class Ended(Enum):
    """How a piece of code ended."""

    DONE = "done"
    INTERRUPTED = "interrupted"
    """It ran out of time and obeyed the interrupt."""
    STUCK = "stuck"
    """It ran out of time and ignored the interrupt: the kernel is unusable."""
    FLOODED = "flooded"
    """It sent more than allowed: the kernel is unusable."""
    DEAD = "dead"
    SILENT = "silent"
    """It did not start on the cell: student code has replaced what the kernel needs to answer."""


@dataclass(frozen=True)
class Reply:
    """The outcome of a piece of code: how it ended, and the exception that ended it, if any."""

    ended: Ended
    error_name: str | None = None
    error_message: str | None = None
    seconds: float = 0.0
    limit: str | None = None
    """The limit that ended the kernel, if any."""


class Link:
    """A connection to one kernel.

    The kernel may send at most `received_bytes` in all.
    """

    def __init__(self, kernel: CagedKernel, received_bytes: int) -> None:
        self._kernel = kernel
        self._received_bytes = received_bytes
        self._open: list[KernelChannel] = [kernel.shell, kernel.iopub]

    def run(
        self,
        code: str,
        *,
        seconds: float,
        silent: bool = False,
        shown: Callable[[str, Mapping[str, Any]], None] = lambda _kind, _content: None,
    ) -> Reply:
        """Run `code` and return its outcome.

        It is interrupted after `seconds`; `silent` code leaves no trace in the history. `shown` is called with type and
        content of each output message; the type is `UNREAD` for one too large to parse.
        """
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        sent = self._kernel.session.send(self._kernel.shell, "execute_request", content)
        waiting = _Waiting(sent["header"]["msg_id"], shown)
        begin = time.monotonic()
        deadline, interrupted = begin + seconds, False
        while not waiting.finished:
            self._listen(waiting)
            now = time.monotonic()
            outcome = self._kernel.caged.outcome
            if outcome is not None:
                self._listen(waiting)  # its last messages
                return Reply(Ended.DEAD, seconds=now - begin, limit=outcome.limit)
            if waiting.silent:
                return Reply(Ended.SILENT, seconds=now - begin)
            if self._kernel.shell.received + self._kernel.iopub.received > self._received_bytes:
                return Reply(Ended.FLOODED, seconds=now - begin)
            if now > deadline and waiting.reply is None:
                if interrupted:
                    return Reply(Ended.STUCK, seconds=now - begin)
                self._kernel.interrupt()
                deadline, interrupted = now + KernelLimits.GIVE_WAY, True
        ended = Ended.INTERRUPTED if interrupted else Ended.DONE
        return Reply(ended, *_error_in(waiting.reply or {}), seconds=time.monotonic() - begin)

    def _listen(self, waiting: _Waiting) -> None:
        """Process the messages that have arrived; wait up to `TICK_MS` milliseconds if there are none."""
        taken = 0
        for channel in list(self._open):
            for _ in range(200):  # then check the clock again
                try:
                    parts = channel.receive()
                except EOFError:
                    self._open.remove(channel)
                    break
                if parts is None:
                    break
                taken += 1
                waiting.take(parts, shell=channel is self._kernel.shell)
        if not taken:
            poll = select.poll()
            for channel in self._open:
                poll.register(channel, select.POLLIN)
            poll.poll(KernelLimits.TICK_MS)


class _Waiting:
    """The state of a piece of code that was sent."""

    def __init__(self, message_id: str, shown: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._id = message_id
        self._shown = shown
        self.reply: Mapping[str, Any] | None = None
        self._replied_at = 0.0
        self._idle = False
        self._begun = False
        self._sent_at = time.monotonic()

    @property
    def finished(self) -> bool:
        """Whether it has ended, and its output has arrived or had time to."""
        late = time.monotonic() - self._replied_at > KernelLimits.LAST_OUTPUT
        return self.reply is not None and (self._idle or late)

    @property
    def silent(self) -> bool:
        """Whether the kernel has failed to begin it in time."""
        return self.reply is None and not self._begun and time.monotonic() - self._sent_at > KernelLimits.SILENCE

    def take(self, parts: Sequence[bytes], *, shell: bool) -> None:
        """Process a message, given in parts: delimiter, signature, header, parent's header, metadata, content."""
        match [*itertools.dropwhile(lambda part: part != DELIMITER, parts)]:
            case [_, _, header, parent, _, content, *_] if max(len(header), len(parent)) <= KernelLimits.LARGEST_HEADER:
                if _json(parent).get("msg_id") == self._id:
                    take = self._take_reply if shell else self._take_shown
                    take(str(_json(header).get("msg_type")), _json(content))

    def _take_reply(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "execute_reply" and self.reply is None:
            self.reply, self._replied_at = content, time.monotonic()

    def _take_shown(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "status":
            self._begun = True
            self._idle = self._idle or content.get("execution_state") == "idle"
        else:
            self._shown(kind if content else UNREAD, content)


def _error_in(reply: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return name and message of the exception in a reply; None for both if there was none."""
    if reply.get("status") == "ok":
        return None, None
    message = without_prelude(text_of(reply.get("evalue")))
    return shortened(text_of(reply.get("ename")) or "Error", 200), shortened(message, 2000)


def _json(content: bytes) -> Mapping[str, Any]:
    """Return a JSON object; an empty one for anything else, or if it exceeds the limits."""
    try:
        return table_of(read_finite_json(content, KernelLimits.DEEPEST, KernelLimits.MOST_VALUES))
    except ValueError:
        return {}
