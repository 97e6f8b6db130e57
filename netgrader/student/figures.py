"""Shows a Matplotlib figure under a cell together with words that say what it shows, for who cannot see it."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["show_figure"]

# Rendered finer than it is shown, so that it stays sharp on a dense screen.
PIXELS_PER_INCH = 72
OVERSAMPLING = 1.75


def show_figure(figure: Figure, alt: str) -> None:
    """Show `figure` as an image with the alternative text `alt`, and close it.

    Jupyter's own way of showing a figure gives it no alternative text: a screen reader then says 'image', and nothing
    else. The colours are the figure's own, on its own background, in light and in dark mode.
    """
    import matplotlib.pyplot as plt  # noqa: PLC0415 (whoever only reads the data should not wait for it)
    from IPython.display import display  # noqa: PLC0415 (likewise)

    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=PIXELS_PER_INCH * OVERSAMPLING, bbox_inches="tight")
    plt.close(figure)
    # A PNG file has its width in bytes 16 to 20, big-endian.
    width = round(int.from_bytes(png.getvalue()[16:20], "big") / OVERSAMPLING)
    source = base64.b64encode(png.getvalue()).decode("ascii")
    image = (
        f'<img alt="{html.escape(alt)}" width="{width}" style="max-width:100%;height:auto" '
        f'src="data:image/png;base64,{source}">'
    )
    display({"text/html": image, "text/plain": alt}, raw=True)
