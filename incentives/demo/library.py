"""The demo's company profiles and content library: logos, a public locator, assets, and who took them."""

import io
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pypdf
import typst
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from partners.content import actions as library
from partners.content.enums import AssetStatus
from partners.content.models import Asset, AssetAudience, AssetCategory, AssetDownload
from partners.directory.company import actions as company
from partners.directory.enums import PartnerType
from partners.directory.models import Competence, Partner
from portal.accounts.models import Membership

COMPETENCES = (
    "Cloud migration",
    "Data platforms",
    "Health care",
    "Managed security",
    "Public sector",
    "Retail",
)
CITIES = {
    "NL": ("Utrecht", "Rotterdam", "Eindhoven"),
    "BE": ("Ghent", "Antwerp"),
    "DE": ("Hamburg", "Leipzig", "Munich"),
    "SE": ("Malmö", "Gothenburg"),
    "GB": ("Leeds", "Bristol"),
    "IE": ("Cork", "Galway"),
    "LU": ("Luxembourg",),
    "AT": ("Graz", "Linz"),
    "CH": ("Zürich", "Bern"),
    "DK": ("Aarhus", "Odense"),
    "NO": ("Bergen", "Stavanger"),
    "FI": ("Tampere", "Turku"),
}
COLOURS = ("#0f766e", "#b45309", "#4338ca", "#be123c", "#15803d", "#1d4ed8")
LISTED = 18
_SHEET = """#set page(paper: "a4", margin: 24mm)
#set text(font: ("Libertinus Serif", "New Computer Modern"), size: 13pt)
#rect(width: 100%, height: 60mm, fill: rgb("#0f766e"), radius: 4pt)
#v(10mm)
#text(size: 28pt, weight: "bold")[{title}]
#v(4mm)
{text}
#v(1fr)
#text(size: 10pt, fill: rgb("#55565e"))[Northwind Systems]
"""


def describe_companies(admin: Membership, people: Sequence[Sequence[Membership]]) -> None:
    """Profiles of the trading partners, whose owners come first among their people; the hero's is nearly complete."""
    for name in COMPETENCES:
        company.save_competence(by=admin, name=name)
    company.save_locator(
        by=admin,
        is_open=True,
        heading="Find a Northwind partner",
        text="Companies that know our products and are near you.",
        show_tier=True,
    )
    offered = list(Competence.objects.all())
    for number, members in enumerate(people):
        owner = members[0]
        partner = Partner.objects.get(pk=owner.partner_id)
        colour = COLOURS[number % len(COLOURS)]
        company.save_profile(
            partner,
            by=owner,
            description=(
                f"{partner.name} plans, delivers and looks after systems for companies of {partner.region},"
                " from the first talk to the support of every day."
            ),
            regions=[partner.region],
            competences=[offered[number % len(offered)].pk, offered[(number * 2 + 1) % len(offered)].pk],
            public_email=f"hello@{owner.user.email.partition('@')[2]}",
        )
        city = CITIES.get(partner.country, ("Utrecht",))
        company.save_address(
            partner,
            by=owner,
            kind="head",
            street=f"Market Street {number + 3}",
            city=city[number % len(city)],
            country=partner.country or "NL",
            is_public=True,
        )
        if number < LISTED:
            company.set_logo(partner, _picture(_logo(partner.name, colour), "logo.png"), by=owner)
            company.set_listing(partner, by=owner, listed=True)
    hero = people[0][0]
    company.save_contact(
        Partner.objects.get(pk=hero.partner_id),
        by=hero,
        name="Femke Postma",
        job_title="Bookkeeping",
        email=f"invoices@{hero.user.email.partition('@')[2]}",
        about="Invoices and statements",
    )


def fill_library(admin: Membership, people: Sequence[Sequence[Membership]], chance: random.Random) -> None:
    """Assets of several kinds and audiences, with places for logos, versions, and downloads of the last months."""
    shelves = {
        name: library.save_category(by=admin, name=name)
        for name in ("Brochures", "Pictures", "Prices", "Slides")
    }
    brochure = _published(
        admin,
        "Product brochure",
        _pdf("Product brochure", "All that we sell, on one page."),
        shelves["Brochures"],
        ["product"],
    )
    library.set_box(brochure, by=admin, box_page=1, box_left=60, box_top=84, box_width=29, box_height=8)
    library.add_version(
        brochure,
        by=admin,
        upload=_pdf("Product brochure 2026", "With the new support plans."),
        note="Support plans of 2026",
    )
    banner = _published(
        admin, "Web banner", _picture(_banner(), "banner.png"), shelves["Pictures"], ["campaign"]
    )
    library.set_box(banner, by=admin, box_page=1, box_left=70, box_top=20, box_width=26, box_height=60)
    _published(
        admin,
        "Price list for resellers",
        _pdf("Price list", "Prices for resellers, without tax."),
        shelves["Prices"],
        ["price"],
        partner_types=[PartnerType.RESELLER],
        expires_on=timezone.localdate() + timedelta(days=120),
    )
    _published(
        admin,
        "Guide for managed services",
        _pdf("Managed services", "How to run our systems for others."),
        shelves["Brochures"],
        ["service"],
        partner_types=[PartnerType.MSP],
    )
    library.create_asset(
        by=admin,
        upload=_pdf("Autumn campaign", "Being written."),
        title="Autumn campaign",
        category=shelves["Slides"],
    )
    video = library.create_asset(
        by=admin,
        url="https://northwind.example/demo-video",
        title="Product video",
        category=shelves["Slides"],
        tags=["product", "video"],
    )
    library.change_status(video, AssetStatus.PUBLISHED, by=admin)
    _look_back(people, chance)


def _look_back(people: Sequence[Sequence[Membership]], chance: random.Random) -> None:
    """The assets have been there for five months, and some people have used them."""
    now = timezone.now()
    AssetAudience.objects.update(since=timezone.localdate() - timedelta(days=150))
    audience = set(AssetAudience.objects.values_list("asset_id", "partner_id"))
    assets = list(Asset.objects.filter(status=AssetStatus.PUBLISHED).prefetch_related("versions"))
    for members in people:
        for asset in assets:
            if (asset.pk, members[0].partner_id) not in audience:
                continue
            for _time in range(chance.choice((0, 0, 1, 1, 2))):
                oldest = asset.versions.all().last()
                if oldest is None:
                    continue
                taken = library.note_download(asset, oldest, by=chance.choice(members))
                AssetDownload.objects.filter(pk=taken.pk).update(
                    created_at=now - timedelta(days=chance.randint(1, 140), minutes=chance.randint(0, 600))
                )


def _published(
    admin: Membership,
    title: str,
    upload: SimpleUploadedFile,
    shelf: AssetCategory,
    tags: list[str],
    **fields: Any,
) -> Asset:
    asset = library.create_asset(
        by=admin, upload=upload, title=title, category=shelf, tags=tags, language="en", **fields
    )
    return library.change_status(asset, AssetStatus.PUBLISHED, by=admin)


def _pdf(title: str, text: str) -> SimpleUploadedFile:
    made: bytes = typst.compile(_SHEET.format(title=title, text=text).encode())
    assert len(pypdf.PdfReader(io.BytesIO(made)).pages) == 1
    return SimpleUploadedFile(f"{title}.pdf", made)


def _picture(picture: Image.Image, name: str) -> SimpleUploadedFile:
    target = io.BytesIO()
    picture.save(target, format="PNG")
    return SimpleUploadedFile(name, target.getvalue())


def _logo(name: str, colour: str) -> Image.Image:
    """A mark in the company's colour, and its first word."""
    picture = Image.new("RGBA", (480, 160), (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((8, 24, 120, 136), radius=28, fill=colour)
    pen.ellipse((40, 56, 88, 104), fill="white")
    pen.text((140, 40), name.split()[0][:12], fill=colour, font_size=64)
    return picture


def _banner() -> Image.Image:
    picture = Image.new("RGB", (970, 250), "#e6f4f1")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 24, 250), fill="#0f766e")
    pen.text((60, 70), "Systems that stay up", fill="#134e4a", font_size=56)
    pen.text((60, 150), "Ask for a talk with an expert", fill="#334155", font_size=28)
    return picture
