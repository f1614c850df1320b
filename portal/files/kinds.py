"""What a file is, told by its content. Its name must agree, and what is not on the list is refused."""

import re
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_OFFICE = "application/vnd.openxmlformats-officedocument."
# Ending: content type, and for Office files the part that makes it one.
TYPES: dict[str, tuple[str, str]] = {
    "pdf": ("application/pdf", ""),
    "png": ("image/png", ""),
    "jpg": ("image/jpeg", ""),
    "jpeg": ("image/jpeg", ""),
    "webp": ("image/webp", ""),
    "docx": (f"{_OFFICE}wordprocessingml.document", "word/document.xml"),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", "xl/workbook.xml"),
    "pptx": (f"{_OFFICE}presentationml.presentation", "ppt/presentation.xml"),
    "txt": ("text/plain", ""),
    "csv": ("text/csv", ""),
}
ACCEPT = ",".join(f".{ending}" for ending in TYPES)
_MOST_PARTS = 10_000
_NAME_LENGTH = 150
# Control characters, separators of folders, and marks that turn the direction of writing and so disguise an ending.
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Checked:
    """A file that may be kept: its tidied name and its content type."""

    name: str
    content_type: str


def checked(name: str, stream: BinaryIO) -> Checked:
    """What the file is. Raises ValidationError, with a sentence for the person, for what is not accepted."""
    name = tidy_name(name)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in TYPES:
        raise ValidationError(
            _(
                "“%(name)s” is not accepted. Send PDF, Word, Excel, PowerPoint, pictures (PNG, JPEG, WebP), text or CSV."
            )
            % {"name": name},
            code="type",
        )
    stream.seek(0)
    genuine = _is_genuine(ending, stream)
    stream.seek(0)
    if not genuine:
        raise ValidationError(
            _("“%(name)s” does not hold what its name says: it is not a genuine %(ending)s file.")
            % {"name": name, "ending": ending.upper()},
            code="content",
        )
    return Checked(name, TYPES[ending][0])


def tidy_name(name: str) -> str:
    """A name that is safe to show, to save and to send in a header."""
    name = _NOT_IN_NAMES.sub("", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return name[:_NAME_LENGTH]
    return f"{stem[: _NAME_LENGTH - len(ending) - 1] or 'file'}.{ending}"[-_NAME_LENGTH:]


def _is_genuine(ending: str, stream: BinaryIO) -> bool:
    if ending in ("docx", "xlsx", "pptx"):
        return _is_office(stream, TYPES[ending][1])
    if ending in ("txt", "csv"):
        return _is_text(stream)
    start = stream.read(16)
    if ending == "pdf":
        return start.startswith(b"%PDF-")
    if ending == "png":
        return start.startswith(b"\x89PNG\r\n\x1a\n") and start[12:16] == b"IHDR"
    if ending == "webp":
        return start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return start.startswith(b"\xff\xd8\xff")


def _is_office(stream: BinaryIO, part: str) -> bool:
    """A zip with the parts that Office writes, and without macros. Nothing in it is unpacked."""
    if stream.read(4) != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    if len(names) > _MOST_PARTS or any("vbaproject" in name.lower() for name in names):
        return False
    return "[Content_Types].xml" in names and part in names


def _is_text(stream: BinaryIO) -> bool:
    """Text without control characters that is no markup: a browser must find nothing to run."""
    content = stream.read()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if re.search(r"[\x00-\x08\x0b\x0e-\x1f]", text):
            return False
        return not text.lstrip("\ufeff \t\r\n").startswith("<")
    return False
