"""What a file is, is told by its content."""

import io

import pytest
from django.core.exceptions import ValidationError

from portal.files.kinds import checked, tidy_name
from tests.portal.files.builders import JPEG, PDF, PNG, WEBP, office


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("offer.pdf", PDF, "application/pdf"),
        ("Photo.PNG", PNG, "image/png"),
        ("photo.jpg", JPEG, "image/jpeg"),
        ("photo.jpeg", JPEG, "image/jpeg"),
        ("photo.webp", WEBP, "image/webp"),
        (
            "order.docx",
            office("word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            "order.xlsx",
            office("xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (
            "order.pptx",
            office("ppt/presentation.xml"),
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        ("notes.txt", "Prijs: € 5".encode(), "text/plain"),
        ("notes.txt", "Größe".encode("cp1252"), "text/plain"),
        ("list.csv", b"a;b\n1;2\n", "text/csv"),
    ],
)
def test_genuine_files_are_accepted(name: str, content: bytes, content_type: str):
    assert checked(name, io.BytesIO(content)).content_type == content_type


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<html></html>"),
        ("picture.svg", b"<svg onload='alert(1)'/>"),
        ("tool.exe", b"MZ"),
        ("noending", b"text"),
        ("offer.pdf", PNG),
        ("offer.pdf", b"<html><script>alert(1)</script>"),
        ("photo.png", JPEG),
        ("photo.jpg", b"<svg/>"),
        ("photo.webp", b"RIFF\0\0\0\0WAVEfmt "),
        ("order.docx", office("xl/workbook.xml")),
        ("order.docx", office("word/document.xml", "word/vbaProject.bin")),
        ("order.docx", b"PK\x03\x04 not a zip"),
        ("order.xlsx", b"no zip at all"),
        ("notes.txt", b"\x7fELF\0\0"),
        ("notes.txt", b"  \n<script>alert(1)</script>"),
        ("notes.txt", "<svg/>".encode("utf-16")),
        ("list.csv", b"\xef\xbb\xbf<html>"),
        ("evil.html\0.txt", b"<html>"),
    ],
)
def test_what_is_not_genuine_or_not_on_the_list_is_refused(name: str, content: bytes):
    with pytest.raises(ValidationError):
        checked(name, io.BytesIO(content))


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\offer.pdf", "offer.pdf"),
        ('a"b\r\nc.pdf', "abc.pdf"),
        ("offer\u202efdp.exe", "offerfdp.exe"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        (".pdf", "pdf"),
    ],
)
def test_names_are_safe_to_show_and_to_send(name: str, tidy: str):
    assert tidy_name(name) == tidy
