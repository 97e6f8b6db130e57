"""The texts of a course: its language, its own translations, and the words for its data.

Verdicts, stores and caches hold `graphread.text.Text`, which has no language. A page, the terminal and `check` render it
once, with the `CourseTexts` of the course. Translations are gettext catalogs: ours in `netgrader/languages`, a course's own
next to its checks. A text without a translation stays English.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass, field, replace
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING

from graphread.text import WORDS, Said, Text, filled, joined, plain
from netgrader.faults import CATALOGUE, Fault, FaultKind, Severity, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ENGLISH", "LANGUAGES", "OF_NO_COURSE", "CourseTexts", "own_translations"]

FOLDER = Path(__file__).parent / "languages"
ENGLISH = "en"
READ = Text("Read: {where}.")
LONGEST = 1_500
"""Maximum length of a message, in characters."""
LANGUAGES = (ENGLISH, *sorted(file.stem for file in FOLDER.glob("*.mo")))


@dataclass(frozen=True)
class CourseTexts:
    """How a course renders all texts."""

    words: Mapping[str, Said] = field(default_factory=lambda: WORDS)
    """Words for the placeholders that a text does not fill itself: `netgrader.data.DataSpec.words`."""
    kinds: Mapping[str, FaultKind] = field(default_factory=lambda: CATALOGUE)
    """All kinds of faults by code: ours, plus those that the course adds or rewords (`netgrader.faults.course_kinds`)."""
    regression: bool = False
    """Whether the task is regression, not classification."""
    rows: bool = False
    """Whether the inputs are rows of numbers, not images."""
    language: str = ENGLISH
    """The language of texts for students."""
    own: tuple[bytes, ...] = ()
    """Compiled catalogs (``.mo``) of the course's own texts: messages of its tests, its faults, words for its inputs."""

    @property
    def notebooks(self) -> str:
        """The language of the course's notebooks: English if the course translates its texts."""
        return ENGLISH if self.own else self.language

    def kind(self, code: str) -> FaultKind:
        """Return a code's fault kind, with the sentences for this course's kind of data."""
        kind = kind_of(code, kinds=self.kinds)
        for speaks, said in ((self.regression, kind.regression), (self.rows, kind.rows)):
            if speaks:
                kind = replace(kind, sentence=said.get("sentence", kind.sentence), why=said.get("why", kind.why))
        return kind

    def hint(self, codes: Iterable[str]) -> Text | None:
        """Return why faults matter and where the course explains them; None if no text exists."""
        said: list[Said] = []
        for kind in (self.kind(code) for code in dict.fromkeys(codes) if code in self.kinds):
            said += [Text(kind.why)] if kind.why else []
            said += [READ.format(where=kind.where)] if kind.where else []
        return joined(said) if said else None

    def told(self, fault: Fault) -> Fault:
        """Return a fault with the sentence for this course's kind of data."""
        return replace(fault, sentence=Text(self.kind(fault.code).sentence)) if fault.code else fault

    def severity(self, code: str) -> Severity:
        """Return the severity of a fault in this course."""
        return kind_of(code, kinds=self.kinds).severity

    def say(self, said: Said) -> str:
        """Return a text in the course's language, with the words for its data."""
        return filled(said, {name: self._word(name, word) for name, word in self.words.items()}, self)

    def written(self, said: Said | None) -> str | None:
        """Return a text for results: one line of at most `LONGEST` characters; None for None."""
        return None if said is None else plain(self.say(said), LONGEST)

    @property
    def in_english(self) -> CourseTexts:
        """The same course's texts in English."""
        return replace(self, language=ENGLISH, own=())

    def gettext(self, template: str) -> str:
        """Return a template in the course's language, placeholders unfilled."""
        return _translation(self.own, self.language).gettext(template)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the singular or plural template for `number`, in the course's language."""
        return _translation(self.own, self.language).ngettext(one, many, number)

    def _word(self, form: str, word: Said) -> str:
        """Return a word for the data in the grammatical form of a placeholder, such as a dative."""
        if isinstance(word, Text):
            return self.gettext(word.template)
        found = _translation(self.own, self.language).pgettext(form, word)
        return self.gettext(word) if found == word else found


OF_NO_COURSE = CourseTexts()


@functools.lru_cache(maxsize=16)
def _translation(own: tuple[bytes, ...], language: str) -> NullTranslations:
    """Return the translations, a course's own catalogs before ours; none for English."""
    file = FOLDER / f"{language}.mo"
    ours = [file.read_bytes()] if file.is_file() else []
    translation = NullTranslations()
    for content in (*own, *ours):
        translation.add_fallback(GNUTranslations(io.BytesIO(content)))
    return translation


def own_translations(content: bytes) -> bytes:
    """Return the content of a compiled catalog, unchanged, after checking that it is one.

    Raises
    ------
    OSError, ValueError
        If it is not a catalog.
    """
    GNUTranslations(io.BytesIO(content))
    return content
