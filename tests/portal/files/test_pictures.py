"""Pictures are drawn anew, and what only says that it is one is refused before it costs anything."""

import io
import struct
import time
import zlib

import pytest
from django.core.exceptions import ValidationError
from PIL import Image, PngImagePlugin

from portal.files.pictures import MOST_PIXELS, drawn_anew, opened

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, format=kind, **options)
    return target.getvalue()


def png_naming(width: int, height: int) -> bytes:
    """A few bytes that say they are so many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_comes_out_as_a_small_png(kind: str) -> None:
    drawn = drawn_anew(io.BytesIO(picture(kind, (1600, 400))), side=512)
    with Image.open(io.BytesIO(drawn)) as found:
        assert (found.format, found.size) == ("PNG", (512, 128))


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 40,
        picture()[:60],
        picture("GIF"),
        b"<html><script>alert(1)</script></html>",
        png_naming(60_000, 60_000),
        png_naming(5_000, 5_000),
        png_naming(0, 10),
    ],
    ids=["svg", "empty", "broken", "cut", "gif", "html", "bomb", "too many pixels", "no pixels"],
)
def test_what_is_no_picture_is_refused_at_once(content: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(ValidationError):
        opened(io.BytesIO(content))
    assert time.perf_counter() - began < 1


def test_nothing_that_was_hidden_in_the_file_is_left() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "<script>alert(1)</script>")
    target = io.BytesIO()
    Image.new("RGB", (10, 10)).save(target, format="PNG", pnginfo=words)
    sent = target.getvalue() + b"<script>alert(2)</script>"
    assert b"script" not in drawn_anew(io.BytesIO(sent), side=64)
    assert MOST_PIXELS == 24_000_000
