"""Fields for uploads; what they take has been checked by its content."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.files.kinds import ACCEPT, checked


class _FileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once; cleaned it is a list of uploads, empty where none was sent.

    A form with it needs `enctype="multipart/form-data"`; `portal.files.actions.attach` keeps each upload.
    """

    def __init__(self, *, most: int = 10, **kwargs: Any):
        self.most = most
        kwargs.setdefault("label", gettext_lazy("Files"))
        kwargs.setdefault("widget", _FileInput({"accept": ACCEPT}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        uploads = [upload for upload in (data if isinstance(data, (list, tuple)) else [data]) if upload]
        if not uploads:
            super().clean(None, initial)
            return []
        if len(uploads) > self.most:
            raise ValidationError(_("Send at most %s files at once.") % self.most)
        for upload in uploads:
            self._check(super().clean(upload, initial))
        return uploads

    @staticmethod
    def _check(upload: UploadedFile) -> None:
        if (upload.size or 0) > settings.FILES_MAX_BYTES:
            limit = filesizeformat(settings.FILES_MAX_BYTES)
            raise ValidationError(
                _("“%(name)s” is larger than %(limit)s, the most that is accepted.")
                % {"name": upload.name, "limit": limit}
            )
        checked(upload.name or "", upload)  # type: ignore[arg-type]


class AttachForm(forms.Form):
    """Files for a thing; the vendor's people may keep them among themselves."""

    uploads = FilesField(label=gettext_lazy("Add files"))
    internal = forms.BooleanField(label=gettext_lazy("Only for the vendor's people"), required=False)
