"""Operators that turn right programs into others: with a known fault, or right in another way."""

from __future__ import annotations

from . import architecture, edits, evaluation, losses, preserving, training
from .base import OPERATORS, Change, Job, Operator

__all__ = [
    "OPERATORS",
    "Change",
    "Job",
    "Operator",
    "architecture",
    "edits",
    "evaluation",
    "losses",
    "preserving",
    "training",
]
