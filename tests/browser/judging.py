"""What is wrong with an open page: accessibility by axe's rules for WCAG 2.2 AA, and nothing beyond the screen."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# The rules whose answer another width or other colours can change; the rest judge the document alone.
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
OF_LAYOUT = {
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"],
    }
}
OUTSIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The bar that stays at the top of a phone covers a part of whatever has been scrolled under it, and axe
# calls a link small of which only a strip is free. A page that opens at a place of its own still glides there
# when it has loaded, and has to be called back.
TO_THE_TOP = """async () => {
    for (let still = 0; still < (location.hash ? 10 : 1);) {
        if (window.scrollY === 0) still += 1;
        else { still = 0; window.scrollTo({top: 0, behavior: 'instant'}); }
        await new Promise(requestAnimationFrame);
    }
}"""
AXE = Axe()


def faults_of(page: Page, label: str, rules: dict[str, Any] = RULES) -> list[str]:
    page.wait_for_load_state("load")
    faults = []
    beyond = page.evaluate(OUTSIDE)
    if beyond > 0:
        faults.append(f"{label}: the page is {beyond} px wider than the screen")
    page.evaluate(TO_THE_TOP)
    for violation in AXE.run(page, options=rules).response["violations"]:
        nodes = "; ".join(node["html"][:140] for node in violation["nodes"][:2])
        faults.append(f"{label}: {violation['id']} ({len(violation['nodes'])}): {nodes}")
    return faults


def assert_sound(page: Page) -> None:
    """Readable for everybody, and no wider than the screen."""
    if faults := faults_of(page, page.url):
        raise AssertionError("\n".join(faults))
