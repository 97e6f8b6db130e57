"""Errors whose message is a sentence for the person who called: what is wrong and what to do."""

from __future__ import annotations

__all__ = ["NetgraderError", "UsageError"]


class NetgraderError(Exception):
    """Something that cannot go on; the message is a sentence and is shown without a traceback."""


class UsageError(NetgraderError):
    """What was asked for makes no sense: a path that does not exist, an assignment that there is not."""
