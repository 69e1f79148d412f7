"""A figure that a notebook shows by itself, whether or not pyplot was imported there."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Shown(Figure):
    """A `matplotlib.figure.Figure` with a picture of itself for notebooks."""

    def _repr_png_(self) -> bytes:
        """Return the figure as a PNG file: what Jupyter asks for."""
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=110)
        return picture.getvalue()
