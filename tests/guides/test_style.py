"""Sentences are plain: none has a word that the style avoids, and docstrings begin with one short line."""

from __future__ import annotations

from tests.guides import style


def test_no_page_notebook_message_or_docstring_has_a_word_that_the_style_avoids():
    found = style.hits()
    assert [hit for hit in found if hit[0] not in style.EXCEPTIONS] == []
    assert {name for name, _, _ in found} == style.EXCEPTIONS.keys()


def test_each_docstring_begins_with_one_line_of_at_most_100_characters():
    assert style.long_docstrings() == []


def test_the_words_are_found_where_they_stand_and_ordinary_english_is_none_of_them():
    avoided = (
        "The file lies in data/, whoever made it, and is told anew: it is no notebook, and is to be mended from 4 on."
    )
    plain = "There is no file. It is None or none at all, is no longer in use, stands for a word, and students are told to wait."
    assert [bool(pattern.search(avoided)) for pattern in style.FOUND].count(True) == 8
    assert [pattern.pattern for pattern in style.FOUND if pattern.search(plain)] == []
