"""Input for the library. A form's `save` calls an action."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from partners.content import actions
from partners.content.models import Asset, AssetCategory, AssetVersion
from partners.content.queries import categories
from partners.directory.company.queries import regions_in_use
from partners.directory.enums import PartnerType
from partners.directory.fields import DateField
from portal.accounts.models import Membership
from portal.files.kinds import ACCEPT
from portal.shell.registry import segment_choices, segment_label

MOST_TAGS = 20


class TagsField(forms.CharField):
    """Words, separated by commas; cleans to a list without repetitions."""

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        tags = dict.fromkeys(" ".join(part.split()).lower()[:40] for part in text.split(","))
        found = [tag for tag in tags if tag]
        if len(found) > MOST_TAGS:
            raise forms.ValidationError(_("Give at most %s tags.") % MOST_TAGS)
        return found

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ChecksField(forms.MultipleChoiceField):
    def __init__(self, **kwargs: Any):
        super().__init__(required=False, widget=forms.CheckboxSelectMultiple, **kwargs)


class AssetForm(forms.Form):
    """What is said of an asset, and whom it is for."""

    title = forms.CharField(label=_("Title"), max_length=200)
    summary = forms.CharField(
        label=_("What it is for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=AssetCategory.objects.none(), required=False, empty_label=_("None")
    )
    tags = TagsField(
        label=_("Tags"),
        max_length=500,
        required=False,
        help_text=_("Separated by commas, such as “retail, price”."),
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("Any")), *settings.LANGUAGES]
    )
    partner_types = ChecksField(label=_("Only for these types of partner"), choices=PartnerType)
    segments = ChecksField(label=_("Only for these tiers"))
    regions = ChecksField(label=_("Only for these regions"))
    publish_on = DateField(label=_("From"), required=False, help_text=_("Partners see it from this day on."))
    expires_on = DateField(
        label=_("Until"), required=False, help_text=_("From this day on they no longer see it.")
    )

    def __init__(self, *args: Any, by: Membership, asset: Asset | None = None, **kwargs: Any):
        self.by, self.asset = by, asset
        if asset is not None:
            kwargs["initial"] = {name: getattr(asset, name) for name in actions.FIELDS}
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = categories()
        tiers = segment_choices()
        regions = [*regions_in_use(), *(asset.regions if asset else ())]
        self.fields["segments"].choices = tiers
        self.fields["regions"].choices = [(name, name) for name in dict.fromkeys(regions)]
        if segment_label() != _("Tier") and segment_label():
            self.fields["segments"].label = _("Only for these: %s") % segment_label()
        for name, choices in (("segments", tiers), ("regions", regions)):
            if not choices:
                del self.fields[name]

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in actions.FIELDS}

    def save(self) -> Asset:
        assert self.asset is not None
        return actions.update_asset(self.asset, by=self.by, **self.values())


class _FileField(forms.FileField):
    def __init__(self) -> None:
        super().__init__(
            label=_("File"),
            widget=forms.FileInput({"accept": ACCEPT}),
            help_text=_("PDF, Word, Excel, PowerPoint, pictures, text or CSV."),
        )


class NewFileForm(AssetForm):
    upload = _FileField()
    field_order = ("title", "upload")

    def save(self) -> Asset:
        return actions.create_asset(by=self.by, upload=self.cleaned_data["upload"], **self.values())


class NewLinkForm(AssetForm):
    url = forms.URLField(label=_("Address"), max_length=500, assume_scheme="https")
    field_order = ("title", "url")

    def save(self) -> Asset:
        return actions.create_asset(by=self.by, url=self.cleaned_data["url"], **self.values())


class VersionForm(forms.Form):
    """The next version of an asset."""

    upload = _FileField()
    url = forms.URLField(label=_("Address"), max_length=500, assume_scheme="https")
    note = forms.CharField(
        label=_("What is new"),
        max_length=500,
        required=False,
        help_text=_("Partners read it beside the version."),
    )

    def __init__(self, *args: Any, by: Membership, asset: Asset, **kwargs: Any):
        self.by, self.asset = by, asset
        super().__init__(*args, **kwargs)
        del self.fields["url" if asset.kind == "file" else "upload"]

    def save(self) -> AssetVersion:
        return actions.add_version(self.asset, by=self.by, **self.cleaned_data)


class BoxForm(forms.Form):
    """Where a partner's logo goes."""

    box_page = forms.IntegerField(label=_("Page"), min_value=1, max_value=500, initial=1)
    box_left = forms.DecimalField(label=_("From the left in %"), min_value=0, max_value=99, decimal_places=2)
    box_top = forms.DecimalField(label=_("From the top in %"), min_value=0, max_value=99, decimal_places=2)
    box_width = forms.DecimalField(label=_("Width in %"), min_value=1, max_value=100, decimal_places=2)
    box_height = forms.DecimalField(label=_("Height in %"), min_value=1, max_value=100, decimal_places=2)

    def __init__(self, *args: Any, by: Membership, asset: Asset, one_page: bool, **kwargs: Any):
        self.by, self.asset = by, asset
        suggested = {"box_left": 70, "box_top": 5, "box_width": 25, "box_height": 10}
        kwargs["initial"] = (
            {name: getattr(asset, name) for name in actions.BOX} if asset.has_box else suggested
        )
        super().__init__(*args, **kwargs)
        if one_page:
            self.fields["box_page"].widget = forms.HiddenInput()
            self.fields["box_page"].required = False

    def clean_box_page(self) -> int:
        return self.cleaned_data["box_page"] or 1

    def save(self) -> Asset:
        box: dict[str, int | Decimal] = {name: self.cleaned_data[name] for name in actions.BOX}
        return actions.set_box(self.asset, by=self.by, **box)


class CategoryForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)

    def __init__(self, *args: Any, by: Membership, category: AssetCategory | None = None, **kwargs: Any):
        self.by, self.category = by, category
        kwargs["initial"] = {"name": category.name} if category else {}
        super().__init__(*args, **kwargs)

    def save(self) -> AssetCategory:
        return actions.save_category(self.category, by=self.by, name=self.cleaned_data["name"])
