"""Live: a progress bar and curves that grow, one picture under the cell."""

import pytest

from netgrader.student import live as module
from netgrader.student.live import Live


class Screen:
    """Stands for the place under the cell."""

    def __init__(self):
        self.shown = []

    def update(self, obj, *, raw):
        assert raw
        self.shown.append(obj)


@pytest.fixture
def screen(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(module, "_open_display", lambda: screen)
    return screen


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances by 0.01 s whenever it is looked at."""
    now = [0.0]

    def monotonic():
        now[0] += 0.01
        return now[0]

    monkeypatch.setattr(module.time, "monotonic", monotonic)
    return now


def test_all_steps_of_an_epoch_come_through_in_order(screen):
    live = Live(1)
    assert list(live.progress(range(0, 10, 3))) == [0, 3, 6, 9]


def test_steps_of_unknown_number_come_through_too(screen):
    assert list(Live(1).progress(i * i for i in range(4))) == [0, 1, 4, 9]


def test_the_bar_is_full_and_the_curves_are_shown_at_the_end(screen):
    live = Live(2)
    accuracy = []
    for epoch in range(2):
        for _ in live.progress(range(5)):
            pass
        accuracy.append(0.5 + 0.2 * epoch)
        live.curves(training=accuracy, test=[value / 2 for value in accuracy])
    last = screen.shown[-1]
    assert 'value="100"' in last["text/html"]
    assert "training: 0.7" in last["text/html"]
    assert "test: 0.35" in last["text/html"]
    assert last["text/plain"].endswith("training 0.7000, test 0.3500")


def test_without_curves_the_end_is_told_too(screen):
    live = Live(2)
    for _ in range(2):
        assert not screen.shown[-1]["text/plain"].startswith("2 epochs in")
        for _ in live.progress(range(5)):
            pass
    assert screen.shown[-1]["text/plain"].startswith("2 epochs in")


def test_a_thousand_steps_update_the_picture_a_few_times_only(screen, clock):
    live = Live(1)
    for _ in live.progress(range(1000)):
        pass
    assert 5 < len(screen.shown) < 1000 * 0.01 / module.SECONDS_BETWEEN_UPDATES + 5


def test_the_time_left_is_told_by_what_is_done(screen, clock):
    live = Live(2)
    for _ in live.progress(range(100)):
        pass
    live.curves(test=[0.9])
    assert "epoch 2 of 2, about 1 s left" in screen.shown[-1]["text/plain"]


def test_outside_a_notebook_nothing_is_shown(capsys):
    live = Live(1)
    for _ in live.progress(range(3)):
        pass
    live.curves(test=[0.5])
    assert capsys.readouterr() == ("", "")
