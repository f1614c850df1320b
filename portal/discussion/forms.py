from django import forms
from django.utils.translation import gettext_lazy as _

from portal.discussion.models import LONGEST


class CommentForm(forms.Form):
    """What is said, and to whom. The vendor's people may keep it among themselves."""

    text = forms.CharField(
        label=_("Comment"),
        max_length=LONGEST,
        help_text=_("Type @ and a name to call somebody."),
        widget=forms.Textarea(attrs={"rows": 3, "data-mentions": "mention-names"}),
    )
    internal = forms.BooleanField(label=_("Only for the vendor's people"), required=False)
