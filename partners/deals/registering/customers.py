"""Who is meant by what a partner typed in the place of a customer."""

from partners.directory.actions import name_customer
from partners.directory.domains import brand, company_domain, registrable_domain
from partners.directory.models import Customer, Partner
from partners.directory.queries import customers_of
from portal.accounts.models import Membership


def customer_meant(partner: Partner, name: str, domain: str, country: str, *, by: Membership) -> Customer:
    """One of the partner's own customers, or a new one."""
    return own_customer(partner, name, domain, country) or new_customer(partner, name, domain, country, by=by)


def domain_typed(name: str, domain: str) -> str:
    """The website; one in the place of the name is taken for both."""
    return domain or name if _is_website(name) else domain


def own_customer(partner: Partner, name: str, domain: str, country: str) -> Customer | None:
    """One of the partner's own customers, named exactly or by its website."""
    found = customers_of(partner)
    if _is_website(name):
        found = found.filter(domain__in=[name.lower(), registrable_domain(name)])
    else:
        found = found.filter(name__iexact=name)
    if company_domain(domain):
        found = found.filter(domain__in=["", company_domain(domain), registrable_domain(name)])
    if country:
        found = found.filter(country__in=["", country])
    one = list(found[:2])
    return one[0] if len(one) == 1 else None


def new_customer(partner: Partner, name: str, domain: str, country: str, *, by: Membership) -> Customer:
    if _is_website(name):
        name = brand(registrable_domain(name)).replace("-", " ").title()
    return name_customer(partner, name, by=by, domain=domain, country=country)


def _is_website(name: str) -> bool:
    return " " not in name and bool(registrable_domain(name))
