"""Generated pictures for items without one, always the same for the same item."""

from __future__ import annotations

import functools
import zlib

from markupsafe import Markup

from penchant.data.ids import Id
from penchant.rendering.markup import join, tag


@functools.lru_cache(4096)  # drawing them took half of the time of a page
def tile(item: Id, name: str) -> Markup:
    """Return a colored square with two discs, a ring and an initial, as SVG."""
    seed = zlib.crc32(repr(item).encode("utf-8", "replace"))
    hue, x, y, size = seed % 360, seed >> 9 & 63, seed >> 15 & 63, 18 + (seed >> 21 & 15)
    other = (hue + 35 + (seed >> 25 & 31)) % 360
    initial = next((letter for letter in name if letter.isalnum()), "·").upper()[:1]
    shapes = join(
        tag("rect", width=80, height=80, fill=f"hsl({hue} 42% 46%)"),
        tag("circle", cx=8 + x, cy=8 + y, r=size + 12, fill=f"hsl({other} 52% 56%)", opacity=0.75),
        tag("circle", cx=72 - x, cy=72 - y, r=size, fill=f"hsl({hue} 50% 34%)", opacity=0.55),
        tag(
            "circle", cx=72 - x, cy=8 + y, r=size + 4,
            fill="none", stroke="#fff", stroke_width=1.5, opacity=0.35,
        ),
        tag(
            "text", initial, x=40, y=51, font_size=30, font_weight=650,
            font_family="system-ui, sans-serif", text_anchor="middle", fill="#fff",
        ),
    )  # fmt: skip
    svg = tag(
        "svg", shapes, xmlns="http://www.w3.org/2000/svg", viewBox="0 0 80 80",
        class_="tile", aria_hidden="true",
    )  # fmt: skip
    return Markup(svg)  # noqa: S704  built by functions that escape
