"""`predict("…", …)` and `check.smaller("…", …)`: questions that are told at once. Nothing is kept, sent or counted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netgrader.checks.exercises import BadExerciseError, load_texts
from netgrader.faults import speaking_of
from netgrader.phrases import say
from netgrader.questions import load_questions, said_to
from netgrader.student.course_data import ChecksNotFoundError, checks_folder
from netgrader.student.quotes import in_quotes, unquoted

if TYPE_CHECKING:
    from netgrader.questions import Question

__all__ = ["predict", "show"]

UNANSWERED = (
    "What do you expect? Write it in place of the dots, letters in quotes, and run the cell. A guess costs nothing."
)
UNKNOWN = "There is no question called “{name}”. Was its name changed?"
NO_ANSWER = (
    'Found an object of the kind {1}; expected a number, a shape such as (2, 3), or a choice in quotes, such as "b".'
)
POINT = "In Python a decimal number has a point: {1}."
NO, YES = "Not quite.", "Right."
ANSWERS = (str, int, float, list, tuple)


def predict(name: str, *answer: object) -> None:
    """Say what you expect before you run what shows it; the answer comes at once, and counts for nothing.

    Parameters
    ----------
    name
        The question, as the notebook calls it.
    answer
        A number, a choice such as ``"b"``, or a shape such as ``(2, 3)``; nothing yet if it is ``...``.
    """
    try:
        folder = checks_folder()
        texts = load_texts(folder)
        known = load_questions(folder, texts.language)
    except (ChecksNotFoundError, BadExerciseError, OSError, ValueError):  # it must stop no notebook
        return
    if known:  # there are none where the notebook is graded
        with speaking_of(texts):
            bare = next(filter(None, map(in_quotes, (name, *answer))), "")
            if bare:
                show(bare)
            else:
                _answer(name, known.get(name), answer)


predict.unquoted = unquoted  # type: ignore[attr-defined]


def _answer(name: str, question: Question | None, answer: tuple[object, ...]) -> None:
    if question is None:
        show(say(UNKNOWN, name=name))
    elif not answer or answer[0] is ...:
        show(question.asks or say(UNANSWERED))
    elif odd := [one for one in answer if not (isinstance(one, ANSWERS) or hasattr(one, "tolist"))]:
        show(say(NO_ANSWER, type(odd[0]).__name__))
    else:
        right, text = said_to(name, question, answer[0] if len(answer) == 1 else answer)
        pointed = "" if right else _pointed(answer)
        if pointed and (meant := said_to(name, question, pointed))[0]:
            right, text = True, f"{meant[1]} {say(POINT, pointed)}"
        if right:
            show(f"{say(YES)} {text}", f"<details open><summary><b>{say(YES)}</b></summary>\n\n{text}\n\n</details>")
        else:
            show(f"{say(NO)} {text}", f"<b>{say(NO)}</b> {text}")


def _pointed(answer: tuple[object, ...]) -> str:
    """Return with a point what was written with a decimal comma, which Python takes for two numbers; else nothing."""
    written = ",".join(map(str, answer)).replace(" ", "")
    return written.replace(",", ".") if re.fullmatch(r"-?\d+,\d+", written) else ""


def show(plain: str, marked: str | None = None) -> None:
    """Display a text, and where the frontend knows how, as Markdown."""
    from IPython.display import display  # noqa: PLC0415 (whoever only reads the data should not wait for it)

    display({"text/plain": plain, "text/markdown": marked or plain}, raw=True)
