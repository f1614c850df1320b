"""A file goes through upload, columns, preview and commit with its progress bar."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from partners.deals.models import Deal
from portal.accounts.enums import Role
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, ProductFactory, make_member
from tests.reliability.processes import Portal

PIPELINE = """opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
1C1I7A6R,Moses Frase,GTX Plus Basic,Cancity,Won,2016-10-20,2017-03-01,1054
Z063OYW0,Darcel Schlecht,GTXPro,Isdom,Won,2016-10-25,2017-03-11,4514
EC4QE1BX,Darcel Schlecht,GTX Plus Basic,Cancity,Lost,2016-10-25,2017-03-07,0
MV1LWRNH,Moses Frase,GTX Plus Basic,,Engaging,2016-10-25,,
"""


def test_a_file_of_deals_is_mapped_checked_and_imported(
    vendor: Tenant, running: Portal, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        admin = make_member(Role.ADMIN)
        for name in ("Moses Frase", "Darcel Schlecht"):
            PartnerFactory(name=name)
        for name in ("Cancity", "Isdom"):
            CustomerFactory(name=name)
        for name in ("GTX Plus Basic", "GTX Pro"):
            ProductFactory(name=name)
    running.worker("bulk", "default")
    page = as_member(admin).new_page()
    page.goto("/acme/imports/new/")
    page.locator("input[name=target][value=deals]").check()
    page.set_input_files(
        "input[type=file]",
        {"name": "sales_pipeline.csv", "mimeType": "text/csv", "buffer": PIPELINE.encode()},
    )
    page.get_by_role("button", name="Upload and look at it").click()
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("GTXPro").first).to_be_visible()
    answers = page.locator("main form").filter(has_text="GTXPro")
    choice = answers.locator("select").first
    known = choice.locator("option", has_text="GTX Pro").first.get_attribute("value")
    choice.select_option(known)
    answers.locator("button[type=submit]").first.click()
    page.get_by_role("button", name="Import 4 rows").click()
    expect(page.get_by_text("Imported").first).to_be_visible()
    with tenant_scope(vendor.pk):
        assert Job.objects.get(kind="imports.commit").state == JobState.DONE
        assert Deal.objects.filter(external_id="Z063OYW0").get().product.name == "GTX Pro"
        assert Deal.objects.count() == 4
