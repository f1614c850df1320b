"""Empty places that apps fill in `AppConfig.ready()`: navigation, home panels, the set-up checklist, nightly work.

The shell knows no app. Whatever is registered here is shown, in `order`, to the roles it was registered for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from django.db.models import Q
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role

if TYPE_CHECKING:
    # Apps fill the registry before there are models.
    from portal.accounts.models import Membership

Text = str | Promise
Condition = Combinable | Q
ALL_ROLES: frozenset[Role] = PARTNER_ROLES | VENDOR_ROLES

# The groups of the side bar, in their order. What belongs to none stands above them.
SELLING = _("Selling")
TOGETHER = _("Working together")
EARNING = _("Earning")
MEASURING = _("Measuring")
PROGRAMME = _("Programme")
SETTINGS = _("Settings")
GROUPS: tuple[Promise, ...] = (SELLING, TOGETHER, EARNING, MEASURING, PROGRAMME, SETTINGS)


@dataclass(frozen=True)
class NavigationItem:
    label: Text
    url_name: str
    icon: str
    roles: frozenset[str]
    order: int
    group: Text | None


@dataclass(frozen=True)
class HomePanel:
    role: str
    name: str
    data: Callable[["Membership"], dict[str, Any] | None]
    template: str
    order: int
    queries: int
    width: str


@dataclass(frozen=True)
class SubjectPanel:
    subject: str
    name: str
    data: Callable[["Membership", Any], dict[str, Any] | None]
    template: str
    order: int
    queries: int


@dataclass(frozen=True)
class SetupStep:
    label: Text
    done: Callable[[], Condition]
    url_name: str
    order: int
    text: Text


@dataclass(frozen=True)
class TopItem:
    template: str
    data: Callable[["Membership"], dict[str, Any]]
    queries: int


_navigation: list[NavigationItem] = []
_top_items: list[TopItem] = []
_home_panels: list[HomePanel] = []
_subject_panels: list[SubjectPanel] = []
_setup_steps: list[SetupStep] = []
_nightly: list[str] = []


def navigation(
    label: Text,
    url_name: str,
    icon: str,
    *,
    roles: Iterable[str] = ALL_ROLES,
    order: int = 100,
    group: Text | None = None,
) -> None:
    """A line in the side bar. `url_name` is reversed with the tenant alone; `icon` is a Tabler icon (`"users"`)."""
    _navigation.append(NavigationItem(label, url_name, icon, frozenset(roles), order, group))
    _navigation.sort(key=lambda item: item.order)


def home_panel(
    role: str,
    name: str,
    *,
    data: Callable[["Membership"], dict[str, Any] | None],
    template: str,
    queries: int,
    order: int = 100,
    width: Literal["full", "half", "third", "two-thirds"] = "full",
) -> None:
    """A panel on the home page of one role.

    `data` turns the membership into the template's context with at most `queries` queries, however much there
    is to show, or says with None that there is nothing. Raises ValueError when the role has a panel of that name
    already.
    """
    if any(panel.role == role and panel.name == name for panel in _home_panels):
        raise ValueError(f"The home page of {role} has a panel named {name!r} already.")
    _home_panels.append(HomePanel(role, name, data, template, order, queries, width))
    _home_panels.sort(key=lambda panel: panel.order)


def subject_panel(
    subject: str,
    name: str,
    *,
    data: Callable[["Membership", Any], dict[str, Any] | None],
    template: str,
    queries: int,
    order: int = 100,
) -> None:
    """A panel on the page of a thing of a floor below, such as `directory.partner`.

    `data` turns the membership and the thing into the template's context with at most `queries` queries, or says
    with None that there is nothing for this member. Raises ValueError when there is a panel of that name already.
    """
    if any(panel.subject == subject and panel.name == name for panel in _subject_panels):
        raise ValueError(f"The page of {subject} has a panel named {name!r} already.")
    _subject_panels.append(SubjectPanel(subject, name, data, template, order, queries))
    _subject_panels.sort(key=lambda panel: panel.order)


def setup_step(
    label: Text, *, done: Callable[[], Condition], url_name: str, order: int = 100, text: Text = ""
) -> None:
    """A line in the administrator's set-up checklist. `done` is called in a tenant's scope and gives a condition,
    such as `Exists(Product.objects.all())`, which the database is asked together with those of the other steps."""
    _setup_steps.append(SetupStep(label, done, url_name, order, text))
    _setup_steps.sort(key=lambda step: step.order)


def nightly(task: str) -> None:
    """Run the Celery task of that name once a night for every tenant."""
    if task not in _nightly:
        _nightly.append(task)


def top_item(template: str, *, data: Callable[["Membership"], dict[str, Any]], queries: int) -> None:
    """A small thing that stands at the top of every page of a member, with the context that `data` gives it in at
    most `queries` queries."""
    _top_items.append(TopItem(template, data, queries))


def top_items() -> list[TopItem]:
    return list(_top_items)


def navigation_for(role: str) -> list[NavigationItem]:
    return [item for item in _navigation if role in item.roles]


def home_panels_for(role: str) -> list[HomePanel]:
    return [panel for panel in _home_panels if panel.role == role]


def subject_panels_for(subject: str) -> list[SubjectPanel]:
    return [panel for panel in _subject_panels if panel.subject == subject]


def setup_steps() -> list[SetupStep]:
    return list(_setup_steps)


def nightly_tasks() -> list[str]:
    return list(_nightly)


@dataclass(frozen=True)
class PartnerDirectory:
    """How the floor above names the partner companies behind a membership's `partner_id`."""

    choices: Callable[[], list[tuple[UUID, str]]]
    names: Callable[[Iterable[UUID]], dict[UUID, str]]


_partner_directories: list[PartnerDirectory] = []


def partner_directory(
    *,
    choices: Callable[[], list[tuple[UUID, str]]],
    names: Callable[[Iterable[UUID]], dict[UUID, str]],
) -> None:
    """Tell the portal which partner companies there are (for invitations) and what they are called."""
    _partner_directories.append(PartnerDirectory(choices, names))


def partner_choices() -> list[tuple[UUID, str]]:
    """The partner companies a person can be invited to; none while no app knows partners."""
    return [choice for directory in _partner_directories for choice in directory.choices()]


def partner_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of partner companies by id, in one query."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {pk: name for directory in _partner_directories for pk, name in directory.names(wanted).items()}


@dataclass(frozen=True)
class PartnerSegments:
    """How a floor above sorts partners (into tiers), for rules on the floors below."""

    label: Text
    choices: Callable[[], list[tuple[str, str]]]
    codes: Callable[[Iterable[tuple[UUID, date]]], dict[tuple[UUID, date], str]]


_partner_segments: list[PartnerSegments] = []


def partner_segments(
    label: Text,
    *,
    choices: Callable[[], list[tuple[str, str]]],
    codes: Callable[[Iterable[tuple[UUID, date]]], dict[tuple[UUID, date], str]],
) -> None:
    """Tell the floors below how partners are sorted: `choices` are (code, name), `codes` where each stood on a day.

    `codes` runs in the vendor's scope and costs a constant number of queries.
    """
    _partner_segments.append(PartnerSegments(label, choices, codes))


def segment_label() -> Text:
    """What the sorting is called ("Tier"); empty while no app sorts partners."""
    return _partner_segments[0].label if _partner_segments else ""


def segment_choices() -> list[tuple[str, str]]:
    return [choice for segments in _partner_segments for choice in segments.choices()]


def segment_codes(standings: Iterable[tuple[UUID, date]]) -> dict[tuple[UUID, date], str]:
    """The code of each (partner, day) that has one."""
    wanted = set(standings)
    if not wanted:
        return {}
    return {key: code for segments in _partner_segments for key, code in segments.codes(wanted).items()}


_money_holders: list[Callable[[], bool]] = []


def holds_money(has_amounts: Callable[[], bool]) -> None:
    """Tell the portal how to find out whether the tenant has amounts in its currency, which then stays."""
    _money_holders.append(has_amounts)


def tenant_has_money() -> bool:
    """Whether any app holds amounts of the tenant in scope."""
    return any(has_amounts() for has_amounts in _money_holders)
