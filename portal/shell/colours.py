"""A tenant's accent colour, made readable: WCAG 2.2 contrast on light and dark ground."""

import colorsys
import re
from collections.abc import Callable
from dataclasses import dataclass

LIGHT_GROUND = "#f7f7f8"
DARK_GROUND = "#1b1d22"
TEXT_CONTRAST = 4.5

_HEX = re.compile(r"#?([0-9a-fA-F]{6})\Z")


@dataclass(frozen=True)
class Accent:
    """`fill` carries text in `on_fill`; `on_light` and `on_dark` are the accent as text on either ground."""

    fill: str
    on_fill: str
    on_light: str
    on_dark: str


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, of `#rrggbb` (WCAG 2.2, definition of relative luminance)."""
    channels = [value / 255 for value in _rgb(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def accent(colour: str) -> Accent:
    """The readable shades of a colour. Raises ValueError unless it is `#rrggbb` (the # may be missing)."""
    fill = "#" + "".join(f"{value:02x}" for value in _rgb(colour))
    white, ink = "#ffffff", "#17181c"
    # White looks better on most brand colours: it is kept as long as it can be read.
    on_fill = white if contrast(fill, white) >= TEXT_CONTRAST else ink
    if contrast(fill, on_fill) < TEXT_CONTRAST:
        fill = _shade(fill, until=lambda shade: contrast(shade, white) >= TEXT_CONTRAST, darker=True)
        on_fill = white
    return Accent(
        fill=fill,
        on_fill=on_fill,
        on_light=_shade(fill, until=lambda shade: contrast(shade, LIGHT_GROUND) >= 4.8, darker=True),
        on_dark=_shade(fill, until=lambda shade: contrast(shade, DARK_GROUND) >= 5.2, darker=False),
    )


def stylesheet(colour: str) -> str:
    """The few custom properties that make a page the tenant's."""
    shades = accent(colour)
    rgb = " ".join(str(value) for value in _rgb(shades.fill))
    return (
        f":root{{--accent:{shades.fill};--accent-on:{shades.on_fill};--accent-rgb:{rgb}}}"
        f":root,[data-bs-theme=light]{{--accent-text:{shades.on_light}}}"
        f"[data-bs-theme=dark]{{--accent-text:{shades.on_dark}}}"
    )


def _rgb(colour: str) -> tuple[int, int, int]:
    match = _HEX.match(colour)
    if not match:
        raise ValueError(f"{colour!r} is not a colour such as #206bc4.")
    digits = match[1]
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _shade(colour: str, *, until: Callable[[str], bool], darker: bool) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(value / 255 for value in _rgb(colour)))
    shade = colour
    while not until(shade) and (lightness > 0 if darker else lightness < 1):
        lightness = max(0.0, lightness - 0.02) if darker else min(1.0, lightness + 0.02)
        shade = "#" + "".join(
            f"{round(value * 255):02x}" for value in colorsys.hls_to_rgb(hue, lightness, saturation)
        )
    return shade
