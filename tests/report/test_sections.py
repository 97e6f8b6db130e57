"""Beside a mistake: a link to the section that explains it."""

import re
from dataclasses import replace

import pytest

from netgrader.faults import speaking_of
from netgrader.pages.explained import explained_in
from netgrader.pages.report_page import build_report, render_report
from netgrader.which_course import find_course
from tests.report import examples as ex


@pytest.mark.parametrize("for_class", [False, True])
def test_beside_a_mistake_stands_a_link_to_its_section(for_class):
    assignment = find_course().assignment("digits")
    view = replace(ex.eight_students(), explained=explained_in(assignment))
    with speaking_of(assignment.texts):
        page = render_report(build_report(view, for_class=for_class))
    (fault,) = [one for one in page.split('<details class="fault">') if "<code>softmax-before-loss</code>" in one]
    (anchor,) = re.findall(r'<a href="#(explained-[^"]+)">Explained in', fault)
    assert page.count(f'id="{anchor}"') == 1
    assert "logits" in page.partition(f'id="{anchor}"')[2].partition("</details>")[0]
