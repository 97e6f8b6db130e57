"""nbgrader's settings for this course: `configure` plugs netgrader in, the rest is yours to change."""

from pathlib import Path

from netgrader.nbgrader_plugin.configure import configure

c = get_config()  # noqa: F821  (nbgrader runs this file with it)
configure(c, Path(__file__).parent)

# The name of the course in the exchange.
c.CourseDirectory.course_id = "clothes"

# What a solution turns into in the release.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"
