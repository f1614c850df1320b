"""Whatever colour a vendor chooses, its portal can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.shell.colours import DARK_GROUND, LIGHT_GROUND, accent, contrast, stylesheet

colours = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@given(colours)
def test_every_colour_becomes_readable(colour: str) -> None:
    shades = accent(colour)
    assert contrast(shades.fill, shades.on_fill) >= 4.5
    assert contrast(shades.on_light, LIGHT_GROUND) >= 4.5
    assert contrast(shades.on_light, "#ffffff") >= 4.5
    assert contrast(shades.on_dark, DARK_GROUND) >= 4.5


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_a_good_colour_is_left_alone() -> None:
    assert accent("#1f5fb8").fill == "#1f5fb8"
    assert accent("#1f5fb8").on_fill == "#ffffff"


@pytest.mark.parametrize("wrong", ["", "red", "#12345", "#1234567", "#12345g", "#123456;}body{}"])
def test_what_is_no_colour_never_reaches_a_style_sheet(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        stylesheet(wrong)
