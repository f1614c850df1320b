"""Is an uploaded file the picture it says it is?"""

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

MAX_BYTES = 512 * 1024
MAX_SIDE = 4000


def checked_logo(upload: UploadedFile) -> tuple[str, bytes]:
    """The ending and content of a PNG, JPEG or WebP picture, told by its first bytes and not by its name.

    Raises ValidationError for anything else; SVG is refused because it can hold script.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise ValidationError(_("The logo is larger than 512 kB."))
    content = upload.read()
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise ValidationError(_("The logo is more than 4000 pixels wide or high."))
        return ".png", content
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\0").endswith(b"\xff\xd9"):
        return ".jpg", content
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return ".webp", content
    raise ValidationError(_("The logo must be a PNG, JPEG or WebP picture."))
