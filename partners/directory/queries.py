"""Reads of the directory, scoped to what the member may see."""

from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from partners.directory.domains import company_domain
from partners.directory.enums import PartnerStatus
from partners.directory.models import Customer, Partner, Product, ProductFamily
from partners.directory.names import normalise_domain
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.scope import current_tenant_id


def visible_partners(member: Membership) -> QuerySet[Partner]:
    """Partners that the member may see: a partner's member the own company, the vendor's people all."""
    partners = Partner.objects.select_related("manager__user")
    return partners.filter(pk=member.partner_id) if member.is_partner else partners


def portfolio(member: Membership) -> QuerySet[Partner]:
    """Partners on whose behalf the member may act: an admin all, a manager the own portfolio."""
    partners = visible_partners(member)
    return partners.filter(manager_id=member.pk) if member.is_manager else partners


def trading_partners(member: Membership) -> QuerySet[Partner]:
    """Those of the portfolio that may register deals."""
    return portfolio(member).filter(
        status__in=(PartnerStatus.APPROVED, PartnerStatus.ONBOARDING, PartnerStatus.ACTIVE)
    )


def standing_partners(kept: UUID | None = None) -> QuerySet[Partner]:
    """Those that no other company stands for, by name, and `kept`, which a record is of already."""
    return Partner.objects.filter(Q(merged_into=None) | Q(pk=kept)).order_by("name")


def visible_customers(member: Membership) -> QuerySet[Customer]:
    """Customers that the member may see: those that the member's partner serves, the vendor's people all."""
    customers = Customer.objects.filter(merged_into=None)
    return customers.filter(partner_links__partner_id=member.partner_id) if member.is_partner else customers


def customers_of(partner: Partner) -> QuerySet[Customer]:
    """Those that the partner serves."""
    return Customer.objects.filter(merged_into=None, partner_links__partner=partner)


def meant_among(
    customers: QuerySet[Customer], normalised_name: str, *, domain: str = "", country: str = ""
) -> Customer | None:
    """The one meant: by registrable domain first, then by normalised name where the countries do not differ."""
    company = company_domain(domain)
    if company:
        domains = {company, normalise_domain(domain)}
        by_domain = customers.filter(domain__in=domains).order_by("created_at", "pk").first()
        if by_domain is not None:
            return by_domain
    countries = Q(country=country) | Q(country="") if country else Q()
    same_country = Case(When(country=country, then=Value(0)), default=Value(1), output_field=IntegerField())
    candidates = customers.filter(countries, normalised_name=normalised_name)
    if company:
        # Another domain is another company, even of the same name.
        candidates = candidates.filter(domain="")
    return candidates.order_by(same_country, "created_at", "pk").first()


def customer_suggestions(member: Membership, text: str, *, limit: int = 8) -> list[Customer]:
    """Customers the member sees whose name or web domain contains what was typed."""
    found = visible_customers(member).filter(Q(name__icontains=text) | Q(domain__icontains=text))
    return list(found.order_by("name", "pk").distinct()[:limit])


def managers() -> QuerySet[Membership]:
    """Who may look after partners in the tenant in scope."""
    return (
        Membership.objects.filter(
            tenant_id=current_tenant_id(), is_active=True, role__in=(Role.CHANNEL_MANAGER, Role.ADMIN)
        )
        .select_related("user")
        .order_by("user__name", "user__email")
    )


def members_of(partner_id: UUID) -> QuerySet[Membership]:
    """A partner's people."""
    return (
        Membership.objects.filter(tenant_id=current_tenant_id(), partner_id=partner_id)
        .select_related("user")
        .order_by("-is_active", "user__name", "user__email")
    )


def partners_serving(customer: Customer) -> QuerySet[Partner]:
    """The partners that serve a customer. Vendor's side only."""
    return Partner.objects.filter(customer_links__customer=customer).order_by("name")


def products_on_sale() -> QuerySet[Product]:
    return Product.objects.filter(is_active=True).select_related("family").order_by("family__name", "name")


def products() -> QuerySet[Product]:
    return Product.objects.select_related("family").order_by("family__name", "name")


def families() -> QuerySet[ProductFamily]:
    return ProductFamily.objects.annotate(product_count=Count("products")).order_by("name")
