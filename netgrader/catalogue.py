"""How a course says what was found: its language, its own texts, and what its data are called.

Verdicts, stores and caches hold `graphread.text.Text`, which has no language. A page, the terminal and `check` render it once,
with the `CourseTexts` of the course. Translations are gettext catalogues: ours in `netgrader/languages`, a course's own
next to its checks. A text without translation stays English.
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
"""Characters of a message that are shown."""
LANGUAGES = (ENGLISH, *sorted(file.stem for file in FOLDER.glob("*.mo")))


@dataclass(frozen=True)
class CourseTexts:
    """What a course makes of all texts."""

    words: Mapping[str, Said] = field(default_factory=lambda: WORDS)
    """Words for the places that a text does not fill itself: `netgrader.data.DataSpec.words`."""
    kinds: Mapping[str, FaultKind] = field(default_factory=lambda: CATALOGUE)
    """All kinds of faults by code: ours, and those that the course adds or says otherwise (`netgrader.faults.course_kinds`)."""
    regression: bool = False
    """Whether its data are numbers to come close to, not classes."""
    rows: bool = False
    """Whether its inputs are rows of numbers, not images."""
    language: str = ENGLISH
    """What its students are spoken to in."""
    own: tuple[bytes, ...] = ()
    """Compiled catalogues (``.mo``) of its own texts: what its tests say, its faults, what its inputs show."""

    @property
    def notebooks(self) -> str:
        """The language of the course's notebooks: English if the course translates its texts."""
        return ENGLISH if self.own else self.language

    def kind(self, code: str) -> FaultKind:
        """Return what a code means here, in the sentences for this course's kind of data."""
        kind = kind_of(code, kinds=self.kinds)
        for speaks, said in ((self.regression, kind.regression), (self.rows, kind.rows)):
            if speaks and said:
                kind = replace(kind, sentence=said.get("sentence", kind.sentence), why=said.get("why", kind.why))
        return kind

    def hint(self, codes: Iterable[str]) -> Text | None:
        """Return why faults matter and where the course explains them; None where nothing says so."""
        said: list[Said] = []
        for kind in (self.kind(code) for code in dict.fromkeys(codes) if code in self.kinds):
            said += [Text(kind.why)] if kind.why else []
            said += [READ.format(where=kind.where)] if kind.where else []
        return joined(said) if said else None

    def told(self, fault: Fault) -> Fault:
        """Return a fault with the sentence for this course's kind of data."""
        return replace(fault, sentence=Text(self.kind(fault.code).sentence)) if fault.code else fault

    def severity(self, code: str) -> Severity:
        """Return how grave a fault is here."""
        return kind_of(code, kinds=self.kinds).severity

    def say(self, said: Said) -> str:
        """Return a text in the course's language, of its data."""
        return filled(said, {name: self._word(name, word) for name, word in self.words.items()}, self)

    def written(self, said: Said | None) -> str | None:
        """Return a text as results keep it: in one line of no more than what is shown; None for none."""
        return None if said is None else plain(self.say(said), LONGEST)

    @property
    def in_english(self) -> CourseTexts:
        """The same in English."""
        return replace(self, language=ENGLISH, own=())

    def gettext(self, template: str) -> str:
        """Return a template in the course's language, with its places as they are."""
        return _translation(self.own, self.language).gettext(template)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the form of a template that a number asks for, in the course's language."""
        return _translation(self.own, self.language).ngettext(one, many, number)

    def _word(self, form: str, word: Said) -> str:
        """Return a word of the data in the form that a place asks for, such as a dative."""
        if isinstance(word, Text):
            return self.gettext(word.template)
        found = _translation(self.own, self.language).pgettext(form, word)
        return self.gettext(word) if found == word else found


OF_NO_COURSE = CourseTexts()


@functools.lru_cache(maxsize=16)
def _translation(own: tuple[bytes, ...], language: str) -> NullTranslations:
    """Return the translations: a course's own catalogs, then ours; none for English."""
    file = FOLDER / f"{language}.mo"
    ours = [file.read_bytes()] if file.is_file() else []
    translation = NullTranslations()
    for content in (*own, *ours):
        translation.add_fallback(GNUTranslations(io.BytesIO(content)))
    return translation


def own_translations(content: bytes) -> bytes:
    """Return the content of a compiled catalogue.

    Raises
    ------
    OSError, ValueError
        If it is not one.
    """
    GNUTranslations(io.BytesIO(content))
    return content
