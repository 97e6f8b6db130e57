"""Formgrader's page of a submission, limited in time and memory: an extension of Jupyter's server.

Installing it enables it (`etc/jupyter/jupyter_server_config.d/netgrader.json`); `jupyter server extension disable
netgrader.formgrader` disables it.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "netgrader.formgrader"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Replace nbgrader's page if formgrader is loaded: extensions load in the order of their names."""
    from netgrader.formgrader import handlers  # noqa: PLC0415  (nbgrader's pages need a running server)

    if handlers.has_formgrader(server.web_app.settings):
        handlers.answer_first(server.web_app)
    else:
        server.log.info("netgrader leaves formgrader alone: nbgrader's extension is switched off.")
