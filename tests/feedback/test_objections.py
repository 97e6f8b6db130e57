"""A student can send a verdict back: the page holds the text, the report lists what has come."""

import email.message
import html
import os
from dataclasses import replace

import pytest

from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.objections import Objection, read_objections
from netgrader.pages.report_page import build_report, render_report
from tests.feedback import examples as ex
from tests.report import examples as classes


def texts_of(cells, graded, **more):
    page = build_page(cells, graded, **{"assignment": "digits", "notebook": ex.NOTEBOOK, "student": "Ada", **more})
    return {row.cell: row.objection for row in page.verdicts if row.objection}, render_page(page)


@pytest.fixture
def sent():
    """What a page gives a student to send, with a reason."""
    texts, html = texts_of(*ex.wrong_student(), student_id="ada")
    assert "Does this verdict seem wrong?" in html
    cell, text = next(iter(texts.items()))
    return cell, text + "my bias is there,\nit is only called offset"


def test_what_takes_points_can_be_objected_to_and_what_takes_none_cannot():
    texts, _ = texts_of(*ex.wrong_student(), student_id="ada")
    assert texts
    for text in texts.values():
        assert text.startswith("netgrader: this verdict seems wrong\nstudent: ada\nnotebook: digits/")
    assert texts_of(*ex.right_student(), student_id="zoe")[0] == {}
    assert "seem wrong" not in texts_of(*ex.wrong_student())[1]


def test_what_was_sent_is_read_from_a_file_and_from_a_mail_that_quotes_it(tmp_path, sent):
    cell, text = sent
    (tmp_path / "a.txt").write_text(f"Dear all,\n{text}\n")
    message = email.message.EmailMessage()
    message.set_content(
        "Hello\n" + "\n".join(f"> {line}  " for line in text.split("\n")) + "\n> Ä", cte="quoted-printable"
    )
    (tmp_path / "b.eml").write_bytes(bytes(message))
    (tmp_path / "c.txt").write_text("nothing of the kind")
    (tmp_path / "d.txt").write_text(text.replace("1.5 of 3, ", "1.5 of 3,\n> ").replace("ada", "bela"))
    first, second, third = read_objections(tmp_path, "digits")
    assert (third.student, third.result) == ("bela", first.result)
    assert (first.student, first.notebook, first.cell) == ("ada", ex.NOTEBOOK, cell)
    assert str(first.reason) == "my bias is there,\nit is only called offset"
    assert (second.student, second.cell, second.result) == (first.student, first.cell, first.result)
    assert str(second.reason).startswith("my bias is there")
    assert str(second.reason).endswith("Ä")
    assert read_objections(tmp_path, "letters") == ()
    assert read_objections(tmp_path / "none", "digits") == ()


HEAD = "Subject: grade\nMIME-Version: 1.0\nContent-Type: "


def html_of(text):
    return "<style>p{}</style>" + "".join(f"<div>{line}&nbsp;</div>\n" for line in html.escape(text).split("\n"))


MAILS = {
    "in latin-1": lambda text: (f"{HEAD}text/plain; charset=iso-8859-1\n\n{text}").encode("latin-1"),
    "in an encoding that nobody knows": lambda text: f"{HEAD}text/plain; charset=bogus\n\n{text}".encode(),
    "as HTML alone": lambda text: f"{HEAD}text/html; charset=utf-8\n\n{html_of(text)}".encode(),
    "forwarded": lambda text: (
        f'{HEAD}multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nsee below\n'
        f"--b\nContent-Type: message/rfc822\n\n{HEAD}text/plain; charset=utf-8\n\n{text}\n--b--\n"
    ).encode(),
    "that is no mail": lambda text: text.encode(),
    "whose header has no end of parentheses": lambda text: (f"{HEAD}{'(' * 5000}text/plain\n\n{text}").encode(),
    "nested without end": lambda text: (
        "".join(
            f'{HEAD if not n else "Content-Type: "}multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(1500)
        )
        + f"Content-Type: text/plain\n\n{text}"
    ).encode(),
}


@pytest.mark.parametrize("kind", MAILS)
def test_a_mail_of_any_kind_is_read(tmp_path, sent, kind):
    cell, text = sent
    (tmp_path / "a.EML").write_bytes(MAILS[kind](text + " für mich"))
    (said,) = read_objections(tmp_path, "digits")
    assert (said.student, said.cell) == ("ada", cell)
    assert str(said.reason).startswith("my bias is there,\nit is only called offset für mich")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_text_is_read_in_the_encodings_that_editors_save_it_in(tmp_path, sent, encoding):
    (tmp_path / "a.txt").write_bytes(f"{sent[1]} für mich".encode(encoding))
    (said,) = read_objections(tmp_path, "digits")
    assert str(said.reason).endswith("offset für mich")


def test_what_is_too_large_or_too_many_to_be_read_is_said(tmp_path, sent, monkeypatch):
    monkeypatch.setattr("netgrader.pages.objections.MOST_FILES", 2)
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.txt").write_text(f"{sent[1]}, {name}." + 100_000 * " ")
    found = read_objections(tmp_path, "digits")
    assert [(one.file, str(one.reason).partition(":")[0]) for one in found] == [
        ("a.txt", "my bias is there,\nit is only called offset, a."),
        ("a.txt", "Not read to its end"),
        ("b.txt", "my bias is there,\nit is only called offset, b."),
        ("b.txt", "Not read to its end"),
        ("c.txt", "Not read, and no file after it"),
    ]


def test_what_is_no_file_is_passed_over(tmp_path, sent):
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "b.eml").symlink_to("nowhere")
    os.mkfifo(tmp_path / "c.txt")
    (tmp_path / "d.txt").write_text(sent[1])
    assert len(read_objections(tmp_path, "digits")) == 1


def test_several_in_one_file_keep_their_reasons_apart_and_the_same_twice_is_one(tmp_path, sent):
    _, text = sent
    other = text.replace("student: ada", "student: bela").replace("my bias", "our bias")
    (tmp_path / "all.txt").write_text(f"{text}\n\n{other}\n{text}\n")
    assert [(one.student, one.reason[:8]) for one in read_objections(tmp_path, "digits")] == [
        ("ada", "my bias "),
        ("bela", "our bias"),
    ]


@pytest.mark.parametrize("suffix", [".txt", ".eml"])
def test_each_says_in_which_file_it_came_and_a_mail_from_whom(tmp_path, sent, suffix):
    mail = "From: Eve <Eve@uni.example>\nTo: x@uni.example\n\n" if suffix == ".eml" else ""
    (tmp_path / f"from-eve\u202e{suffix}").write_text(mail + sent[1])
    (tmp_path / f"z{suffix}").write_text(("Subject: grade\n\n" if suffix == ".eml" else "") + sent[1])
    first, second = read_objections(tmp_path, "digits")
    assert (first.file, second.file) == (f"from-eve{suffix}", f"z{suffix}")
    assert (first.sender, second.sender) == (("eve@uni.example", "?") if suffix == ".eml" else (None, None))


@pytest.mark.parametrize("kind", ["that is no mail", "nested without end"])
def test_a_mail_that_nobody_can_read_has_no_sender_that_it_could_choose(tmp_path, sent, kind):
    (tmp_path / "a.eml").write_bytes(MAILS[kind](sent[1]))
    (said,) = read_objections(tmp_path, "digits")
    assert said.sender == "?"


@pytest.mark.parametrize("claimed", ["ada\u200b", "\u202eada", "a\u2060da", "\u0430da", "\uff41da", "ada\u200d", "ADA"])
def test_an_id_that_only_looks_like_a_students_is_not_taken_for_it(tmp_path, sent, claimed):
    (tmp_path / "a.txt").write_text(sent[1].replace("student: ada", f"student: {claimed}"), encoding="utf-8")
    (said,) = read_objections(tmp_path, "digits")
    assert said.student != "ada"
    view = replace(classes.eight_students(), objections=(replace(said, student=said.student),))
    view = replace(view, students=(replace(view.students[0], student="ada"), *view.students[1:]))
    part = render_report(build_report(view)).partition('id="doubted"')[2].partition("</section>")[0]
    assert "nobody in this class has this id" in part
    assert "in the file a.txt" in part


def test_the_report_says_where_a_mail_is_from_unless_it_is_from_the_students_own_address():
    view = classes.eight_students()
    student = view.students[0].student
    view = replace(view, addresses=frozenset({("ada@uni.example", student), ("eve@uni.example", "eve")}))
    said = Objection(student, "1_one_layer", "check_x", "0 of 9", "please", "a.eml")
    for sender, told in ((None, ""), ("ada@uni.example", ""), ("eve@uni.example", "eve@uni.example"), ("?", "?")):
        html = render_report(build_report(replace(view, objections=(replace(said, sender=sender),))))
        part = html.partition('id="doubted"')[2].partition("</section>")[0]
        assert ("which is not this student&#39;s address in the gradebook" in part) == bool(told)
        assert f"the mail comes from {told}," in part or not told


def test_the_report_lists_them_with_what_the_verdict_is_now_and_shows_no_code_of_theirs():
    view = classes.eight_students()
    student = next(one for one in view.students if one.notebooks)
    notebook, graded = next(iter(student.notebooks.items()))
    cell = next(one for one in graded.results.values() if not one.manual)
    said = Objection(student.student, notebook, cell.cell, "0 of 9, missing-bias", "<script>alert(1)</script> please")
    unknown = replace(said, student="nobody", cell="check_x", reason="")
    html = render_report(build_report(replace(view, objections=(said, unknown))))
    part = html.partition('id="doubted"')[2].partition("</section>")[0]
    assert "0 of 9, missing-bias; now " in part
    assert "&lt;script&gt;alert(1)&lt;/script&gt; please" in part
    assert "nobody in this class has this id" in part
    assert "no reason given" in part
    assert 'id="doubted"' not in render_report(build_report(view))


def test_a_file_that_is_too_large_is_reported_without_what_nobody_read(tmp_path):
    (tmp_path / "large.txt").write_text(100_001 * " ")
    view = replace(classes.eight_students(), objections=read_objections(tmp_path, "digits"))
    part = render_report(build_report(view)).partition('id="doubted"')[2].partition("</section>")[0]
    assert "large.txt" in part
    assert "Not read to its end" in part
    assert "nobody in this class" not in part
    assert '"where">, ' not in part
