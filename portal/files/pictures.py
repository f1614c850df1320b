"""Pictures drawn anew: what a browser gets was written by the portal and not by whoever sent it."""

import io
import struct
import warnings
import zlib
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
# A file of a few kilobytes can name billions of pixels: what it names is looked at before anything is unpacked.
MOST_PIXELS = 24_000_000
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    UnidentifiedImageError,
)


def opened(stream: BinaryIO) -> Image.Image:
    """The picture, decoded, its first frame only. Raises ValidationError, with a sentence for the person, for what is
    none, is broken or is too large."""
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(stream, formats=FORMATS)
            width, height = picture.size
            if width * height > MOST_PIXELS or min(width, height) < 1:
                raise ValidationError(
                    _("The picture has more than %s million pixels. Send a smaller one.")
                    % (MOST_PIXELS // 1_000_000),
                    code="pixels",
                )
            picture.load()
    except _BROKEN as error:
        raise ValidationError(
            _("This is not a genuine PNG, JPEG or WebP picture."), code="content"
        ) from error
    return picture


def drawn_anew(stream: BinaryIO, *, side: int) -> bytes:
    """The picture as a PNG of at most `side` pixels each way, without anything that was hidden in the file."""
    picture = ImageOps.exif_transpose(opened(stream)).convert("RGBA")
    picture.thumbnail((side, side))
    return as_png(picture)


def as_png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    clean.save(target, format="PNG", optimize=True)
    return target.getvalue()
