"""Writes of campaigns and their daily figures. Events carry the days that figures hang on."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.deals.enums import MarketingChannel
from partners.directory.models import Partner
from partners.marketing.models import AMOUNTS, COUNTS, FIGURES, Campaign, DailyFigure
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.shell.formats import number, short_date

MOST_AT_ONCE = 1000


@transaction.atomic
def start_campaign(
    *, by: Membership, partner: Partner, name: str, starts_on: dt.date, **fields: Any
) -> Campaign:
    """Enter a campaign: `ends_on`, `budget`, `goal`, `is_cobranded`, `is_joint` besides."""
    campaign = Campaign(
        partner=partner, name=name.strip(), starts_on=starts_on, currency=by.tenant.currency, **fields
    )
    check(by, "marketing.add_campaign", campaign)
    _refuse_wrong_days(campaign)
    _save(campaign)
    _record("campaign.started", campaign, by, {"new": told(campaign)})
    return campaign


@transaction.atomic
def change_campaign(campaign: Campaign, *, by: Membership, version: int, **fields: Any) -> Campaign:
    """Correct a campaign, as the person has seen it."""
    campaign = _lock(campaign)
    check(by, "marketing.change_campaign", campaign)
    if version != campaign.version:
        raise ActionRefused(_("Someone has changed this campaign meanwhile. Look at it again."), code="stale")
    before = told(campaign)
    for name, value in fields.items():
        setattr(campaign, name, value)
    _refuse_wrong_days(campaign)
    campaign.version += 1
    _save(campaign)
    _record("campaign.changed", campaign, by, {"old": before, "new": told(campaign)})
    return campaign


@transaction.atomic
def report_figures(
    campaign: Campaign, rows: Sequence[dict[str, Any]], *, by: Membership, remove_empty: bool = True
) -> int:
    """Note daily figures: each row has `day`, `source`, `channel` and any of the figures; the others are 0.

    A row takes the place of the one of the same day, source and channel; one without any figure takes it away.
    ActionRefused for two rows of one key, a day to come or negative figures. Returns how many rows were written.
    """
    campaign = _lock(campaign)
    check(by, "marketing.report_campaign", campaign)
    if len(rows) > MOST_AT_ONCE:
        raise ActionRefused(_("At most %(count)d rows at once.") % {"count": MOST_AT_ONCE})
    today = timezone.localdate(timezone=by.tenant.zone)
    keys: set[tuple[dt.date, str, str]] = set()
    for row in rows:
        _refuse_wrong_row(row, today)
        key = _key(row)
        if key in keys:
            raise ActionRefused(
                _("%(day)s, %(source)s and %(channel)s stand there twice.")
                % {
                    "day": short_date(key[0]),
                    "source": key[1] or "–",
                    "channel": MarketingChannel(key[2]).label,
                }
            )
        keys.add(key)
    kept = [row for row in rows if any(row.get(name) for name in FIGURES)]
    gone = keys - {_key(row) for row in kept}
    if remove_empty:
        for day, source, channel in gone:
            DailyFigure.objects.filter(campaign=campaign, day=day, source=source, channel=channel).delete()
    _upsert(campaign, kept)
    if rows:
        days = sorted({str(row["day"]) for row in rows})
        _record("campaign.figures_reported", campaign, by, {"count": len(kept), "days": days})
    return len(kept)


def _upsert(campaign: Campaign, rows: Sequence[dict[str, Any]]) -> None:
    DailyFigure.objects.bulk_create(
        [
            DailyFigure(
                campaign=campaign,
                partner_id=campaign.partner_id,
                day=row["day"],
                source=_key(row)[1],
                channel=row["channel"],
                **{name: row.get(name) or 0 for name in FIGURES},
            )
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=["tenant", "campaign", "day", "source", "channel"],
        update_fields=[*FIGURES, "updated_at"],
        batch_size=500,
    )


def told(campaign: Campaign) -> dict[str, Any]:
    return {
        "name": campaign.name,
        "starts_on": str(campaign.starts_on),
        "ends_on": str(campaign.ends_on) if campaign.ends_on else None,
        "is_cobranded": campaign.is_cobranded,
        "is_joint": campaign.is_joint,
        "budget": campaign.budget,
    }


def _key(row: dict[str, Any]) -> tuple[dt.date, str, str]:
    return row["day"], " ".join(str(row.get("source") or "").split()), str(row["channel"])


def _refuse_wrong_row(row: dict[str, Any], today: dt.date) -> None:
    if row["day"] > today:
        raise ActionRefused(_("%s has not been yet.") % short_date(row["day"]), field="day")
    for name in (*COUNTS, *AMOUNTS):
        if (row.get(name) or 0) < 0:
            raise ActionRefused(_("Figures are not negative."), field=name)
    # A source that does not count impressions has none.
    impressions, clicks = row.get("impressions") or 0, row.get("clicks") or 0
    if 0 < impressions < clicks:
        raise ActionRefused(
            _("On %(day)s there are %(clicks)s clicks but only %(impressions)s impressions.")
            % {
                "day": short_date(row["day"]),
                "clicks": number(clicks),
                "impressions": number(impressions),
            },
            field="clicks",
        )


def _refuse_wrong_days(campaign: Campaign) -> None:
    if campaign.ends_on is not None and campaign.ends_on < campaign.starts_on:
        raise ActionRefused(_("It cannot end before it begins."), field="ends_on")


def _save(campaign: Campaign) -> None:
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        raise ActionRefused(_("The partner has a campaign of this name already."), field="name") from error


def _lock(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).select_related("partner").get(pk=campaign.pk)


def _record(event: str, campaign: Campaign, by: Membership, data: dict[str, Any]) -> None:
    record(event, subject=campaign, by=by, partner_id=campaign.partner_id, data=data)
