"""Figures and axes that a notebook shows as a picture, without pyplot.

A figure outside of pyplot is shown by nothing but its own form for notebooks, so it appears exactly
once: where it is the value of a cell, or where it is displayed.
"""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A figure that a notebook shows as a picture."""

    def _png(self) -> bytes:
        """Return the picture at twice its size in pixels, sharp on high-density screens."""
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=2 * self.dpi)
        return file.getvalue()

    def _repr_mimebundle_(
        self,
        include: object = None,
        exclude: object = None,
    ) -> tuple[dict[str, object], dict[str, object]]:
        """Return the picture with its size, and a text for where there are no pictures."""
        width, height = (round(size * self.dpi) for size in self.get_size_inches())
        data: dict[str, object] = {"image/png": self._png(), "text/plain": repr(self)}
        return data, {"image/png": {"width": width, "height": height}}


class NotebookAxes(Axes):
    """Axes that a notebook shows as the picture of their figure."""

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, object]] | None:
        """Return that of the figure; None, which shows the text, if it is a figure of others."""
        figure = self.get_figure(root=True)
        if not isinstance(figure, NotebookFigure):
            return None
        data, metadata = figure._repr_mimebundle_(include, exclude)
        return {**data, "text/plain": repr(self)}, metadata
