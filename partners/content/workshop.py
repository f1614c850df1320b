"""What is done to files that others have sent: a program of its own, which the portal starts with little time and memory.

`python -m partners.content.workshop` reads one order as JSON from its input and answers with one line of JSON. A file
made to exhaust whoever opens it exhausts this program alone. It knows no Django and no database.
"""

import io
import json
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEMORY = 1_500_000_000
FILE_SIZE = 80_000_000
MOST_PAGES = 500
MOST_PIXELS = 24_000_000
PREVIEW_PIXELS = 900
_OVERLAY = """#set page(width: {width}pt, height: {height}pt, margin: 0pt, fill: none)
#align(center + horizon, image("logo.png", width: 100%, height: 100%, fit: "contain"))"""
_PREVIEW = """#set page(width: 400pt, height: auto, margin: 0pt)
#image("source.pdf", page: {page}, width: 100%)"""


def inspect(source: str) -> dict[str, Any]:
    """How many pages a PDF has."""
    from pypdf import PdfReader  # noqa: PLC0415

    reader = PdfReader(source, strict=False)
    if reader.is_encrypted:
        return {"problem": "encrypted"}
    pages = len(reader.pages)
    return {"pages": pages} if 0 < pages <= MOST_PAGES else {"problem": "pages"}


def stamp(source: str, target: str, kind: str, logo: str, box: dict[str, float], page: int) -> dict[str, Any]:
    """Put the logo into the box, in per cent from the upper left corner, and write the result."""
    return (_stamp_pdf if kind == "pdf" else _stamp_picture)(source, target, kind, logo, box, page)


def preview(source: str, target: str, kind: str, page: int) -> dict[str, Any]:
    """A page, or the picture, as a small PNG."""
    if kind != "pdf":
        picture = _opened(source).convert("RGBA")
        picture.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
        picture.save(target, format="PNG")
        return {}
    import typst  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "source.pdf").write_bytes(Path(source).read_bytes())
        Path(folder, "page.typ").write_text(_PREVIEW.format(page=page))
        drawn = typst.compile(str(Path(folder, "page.typ")), format="png", ppi=144)
    Path(target).write_bytes(drawn[0] if isinstance(drawn, list) else drawn)
    return {}


def _stamp_pdf(
    source: str, target: str, _kind: str, logo: str, box: dict[str, float], page: int
) -> dict[str, Any]:
    from pypdf import PdfReader, PdfWriter, Transformation  # noqa: PLC0415

    reader = PdfReader(source, strict=False)
    if reader.is_encrypted:
        return {"problem": "encrypted"}
    if not 0 < page <= len(reader.pages) <= MOST_PAGES:
        return {"problem": "pages"}
    writer = PdfWriter(clone_from=reader)
    sheet = writer.pages[page - 1]
    if sheet.rotation:
        sheet.transfer_rotation_to_content()
    seen = sheet.cropbox
    across, down = float(seen.width), float(seen.height)
    width, height = max(1.0, across * box["width"] / 100), max(1.0, down * box["height"] / 100)
    overlay = PdfReader(io.BytesIO(_overlay(logo, width, height))).pages[0]
    move = Transformation().translate(
        float(seen.left) + across * box["left"] / 100,
        float(seen.top) - down * box["top"] / 100 - height,
    )
    sheet.merge_transformed_page(overlay, move)
    writer.write(target)
    return {}


def _overlay(logo: str, width: float, height: float) -> bytes:
    """The logo, as large as it fits, as a page of this many points, its ground left open."""
    import typst  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "logo.png").write_bytes(Path(logo).read_bytes())
        text = _OVERLAY.format(width=round(width, 3), height=round(height, 3))
        Path(folder, "logo.typ").write_text(text)
        made: bytes = typst.compile(str(Path(folder, "logo.typ")))
    return made


def _stamp_picture(
    source: str, target: str, kind: str, logo: str, box: dict[str, float], _page: int
) -> dict[str, Any]:
    from PIL import Image  # noqa: PLC0415

    ground = _opened(source).convert("RGBA")
    mark = _opened(logo).convert("RGBA")
    width = max(1, round(ground.width * box["width"] / 100))
    height = max(1, round(ground.height * box["height"] / 100))
    scale = min(width / mark.width, height / mark.height)
    mark = mark.resize(
        (max(1, round(mark.width * scale)), max(1, round(mark.height * scale))), Image.Resampling.LANCZOS
    )
    left = round(ground.width * box["left"] / 100) + (width - mark.width) // 2
    top = round(ground.height * box["top"] / 100) + (height - mark.height) // 2
    ground.alpha_composite(mark, (max(0, left), max(0, top)))
    if kind == "jpeg":
        ground.convert("RGB").save(target, format="JPEG", quality=90)
    else:
        ground.save(target, format=kind.upper())
    return {}


def _opened(path: str) -> Any:
    from PIL import Image, ImageOps  # noqa: PLC0415

    picture = Image.open(path, formats=("PNG", "JPEG", "WEBP"))
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError("pixels")
    return ImageOps.exif_transpose(picture)


VERBS: dict[str, Callable[..., dict[str, Any]]] = {"inspect": inspect, "stamp": stamp, "preview": preview}


def main() -> None:
    order = json.load(sys.stdin)
    seconds = int(order.pop("seconds"))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    try:
        answer = VERBS[order.pop("verb")](**order)
    except Exception as error:  # whatever a file can be made to cause is one answer: it is broken
        answer = {"problem": "broken", "detail": f"{type(error).__name__}: {error}"[:200]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
