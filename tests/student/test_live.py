"""Notebooks released with `Live`, `ready` and `going_on` still run."""

from netgrader.student import Live, going_on, ready


def test_a_loop_that_shows_its_training_goes_through_all_steps_of_each_epoch():
    live, steps = Live(2, y_label="error"), []
    for epoch in range(2):
        steps += [(epoch, step) for step in live.progress(range(0, 30, 10))]
        live.curves(training=[0.5], test=[0.4])
    assert steps == [(0, 0), (0, 10), (0, 20), (1, 0), (1, 10), (1, 20)]


def test_cells_that_wait_for_what_is_missing_go_on(capsys):
    exec('if ready("net"):\n    with going_on():\n        net', {"ready": ready, "going_on": going_on})  # noqa: S102
    assert "`net` is still missing" in capsys.readouterr().out
