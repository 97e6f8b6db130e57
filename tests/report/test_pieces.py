"""Beside a mistake: where it is explained, and two pieces of code by which nobody is known."""

import re
from dataclasses import replace

import pytest

from netgrader.faults import speaking_of
from netgrader.pages.alike import texts_of_course
from netgrader.pages.anonymous_code import anonymous, two_pieces, words_to_keep
from netgrader.pages.explained import explained_in
from netgrader.pages.report_page import build_report, render_report
from netgrader.pages.report_view import ClassView, NotebookColumns
from netgrader.which_course import find_course
from tests.report import examples as ex

GIVEN = (
    (
        "import numpy as np\nimport tensorflow.compat.v1 as tf\n"
        "def one_layer_network(learning_rate):\n    net.loss = tf.train.AdamOptimizer(learning_rate)\n"
        "The network has a layer, weights, a hidden loss and relu."
    ),
)
PEOPLE = ("Ada Lovelace", "al1234567", "Max Adam", "Renée O’Hara", "Xu Li", "xl123", "20041")


def cleaned(code, written=None):
    return anonymous(code, words_to_keep(GIVEN, written or {"ada": [code]}, PEOPLE), PEOPLE)


@pytest.mark.parametrize(
    ("code", "gone"),
    [
        ("x = 1  # by Ada Lovelace", "ovelace"),
        ('"""Lovelace, group 7"""\nx = 1', "ovelace"),
        ("def network(x):\n    'of Lovelace'\n    return x", "ovelace"),
        ("lovelace_loss = 1", "ovelace"),
        ("net.adaLovelace = 1", "ovelace"),
        ("loss = tf.lovelace(1)", "ovelace"),
        ("network(lovelace=1)", "ovelace"),
        ("import lovelace_tools as x", "ovelace"),
        ("from numpy import dot as lovelace", "ovelace"),
        ("from os import path as renée", "renée"),
        ("global lovelace", "ovelace"),
        ("print('al1234567')", "1234567"),
        ("print(f'hello {loss} Lovelace')", "ovelace"),
        ("print(b'Lovelace')", "ovelace"),
        ("seed = 1234567", "1234567"),
        ("seed = 19970412.0", "19970412"),
        ("%cd /home/lovelace\nx = 1", "ovelace"),
        ("match x:\n    case Lovelace(lovelace=lovelace): pass", "ovelace"),
        ("def network[Lovelace](x): pass", "ovelace"),
        ("meinkleinername = 1", "meinkleinername"),
        ("from numpy import lovelace\nlovelace = 1", "lovelace"),
        ("xu = 1", "xu"),
        ("print('Xu')", "xu"),
        ("xl123 = 1", "123"),
        ("print('xl 123')", "123"),
        ("np.random.seed(20041)", "20041"),
        ("print('20041')", "20041"),
        ("x = 0.1234567", "1234567"),
        ("x = 1234567j", "1234567"),
        ("print('a text of nobody else')", "nobody"),
    ],
)
def test_what_could_name_somebody_is_left_out(code, gone):
    assert gone in code.casefold()
    assert gone not in cleaned(code).casefold()


def test_what_the_course_writes_itself_and_libraries_have_stays():
    code = (
        "def one_layer_network(learning_rate=0.003):\n    W1 = tf.get_variable('W1', [784, 10])\n"
        "    hidden = tf.nn.relu(tf.matmul(net.X, W1))\n    return tf.train.AdamOptimizer(learning_rate).minimize(hidden)"
    )
    assert cleaned(code) == code


def test_a_word_of_three_students_tells_nothing_of_any():
    code = "gewicht = 1"
    few, many = ({f"s{number}": [code] for number in range(count)} for count in (2, 3))
    assert (cleaned(code, few), cleaned(code, many)) == ("name1 = 1", "gewicht = 1")


@pytest.mark.parametrize(
    "code", ["def", "x = '\udce9", "9" * 5000, "(" * 5000, "-" * 9000 + "1", "x\0", "# nothing", "", "x=1\n" * 9000]
)
def test_what_cannot_be_read_is_not_shown(code):
    assert cleaned(code) == ""


def test_a_piece_is_short_and_nothing_of_it_was_run(tmp_path):
    code = f"open({str(tmp_path / 'run')!r}, 'w')\n" + "\n".join(f"x{number} = 'relu'" for number in range(40))
    piece = cleaned(code)
    assert len(piece.splitlines()) == 16
    assert piece.endswith("\n…")
    assert list(tmp_path.iterdir()) == []


def test_the_two_that_differ_most_are_shown_and_the_same_one_once():
    keep = words_to_keep(GIVEN, {}, ())
    near, other = "loss = tf.nn.relu(x)", "for x in y:\n    net.loss = x @ net.W + 3"
    pair = two_pieces([near, f"{near}  # twice", "loss = tf.nn.relu(y)", other], keep, ())
    assert other in pair
    assert len(pair) == 2
    assert two_pieces([near, near], keep, ()) == (near,)
    assert two_pieces(["def"], keep, ()) == ()


COLUMNS = NotebookColumns(
    "1_one_layer", tuple(replace(column, solution=column.name) for column in ex.COLUMNS.columns), plausible=0.932
)
WRONG = {
    "chloe": "def one_layer_network():\n    # Chloë\n    return tf.nn.softmax(x) < '<b>'",
    "david": "p = tf.nn.softmax(logits)\nfor b in range(3):\n    loss = p",
    "esra": "p = tf.nn.softmax(logits)",
}


def shown(students, *, for_class):
    view = ex.eight_students()
    assignment = find_course().assignment("digits")
    view = replace(
        view,
        notebooks=(COLUMNS,),
        students=tuple(one for one in view.students if one.student in students),
        code={one: {"1_one_layer, one_layer_network": code} for one, code in WRONG.items()},
        given=texts_of_course(assignment),
        explained=explained_in(assignment),
    )
    assert isinstance(view, ClassView)
    with speaking_of(assignment.texts):
        return render_report(build_report(view, for_class=for_class))


@pytest.mark.parametrize("for_class", [False, True])
def test_beside_a_mistake_stand_two_pieces_of_code_and_a_link_to_its_section(for_class):
    page = shown(("ada", "chloe", "david", "esra"), for_class=for_class)
    (fault,) = [one for one in page.split('<details class="fault">') if "<code>softmax-before-loss</code>" in one]
    pieces = re.findall(r"<pre class=\"source\"[^>]*><code>(.*?)</code></pre>", fault, re.DOTALL)
    assert len(pieces) == 2
    assert any("tf.nn.softmax(x) &lt; " in piece for piece in pieces)
    assert not any("Chlo" in piece or "<b>" in piece for piece in pieces)
    (anchor,) = re.findall(r'<a href="#(explained-[^"]+)">Explained in', fault)
    assert page.count(f'id="{anchor}"') == 1
    assert "logits" in page.partition(f'id="{anchor}"')[2].partition("</details>")[0]


def test_what_one_alone_did_is_shown_to_who_teaches_and_not_to_the_class():
    own, public = (shown(("ada", "chloe"), for_class=for_class) for for_class in (False, True))
    assert own.count('<pre class="source"') == 1
    assert public.count('<pre class="source"') == 0
