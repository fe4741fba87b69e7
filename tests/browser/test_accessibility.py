"""Everybody can use the console's pages, in light and dark: axe-core finds nothing serious on any of them."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.accessibility import GRAVE, script, violations
from tests.browser.conftest import demand_console
from tests.browser.content import Place, furnish
from tests.browser.test_assets import png
from tests.support.chromium import PATIENCE
from tests.support.product import Product


@pytest.fixture(scope="module")
def places(product: Product) -> dict[str, Place]:
    """The pages, with something on each."""
    demand_console()
    return furnish(product, png(320, 200, b"\x20\x60\xa0"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_hard_to_use_for_anybody(
    browser: Browser, product: Product, places: dict[str, Place], scheme: str
) -> None:
    axe = script()
    found = {}
    with browser.new_context(color_scheme=scheme, bypass_csp=True) as context:  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.add_init_script(axe)
        page = context.new_page()
        for name, place in places.items():
            page.goto(f"http://localhost:{product.port}{place.path}")
            expect(page.get_by_text(place.shows).first).to_be_visible()
            found[name] = [one for one in violations(page) if one.impact in GRAVE]
    assert {name: those for name, those in found.items() if those} == {}


def test_what_is_hard_to_use_is_found(browser: Browser) -> None:
    with browser.new_context() as context:
        context.add_init_script(script())
        page = context.new_page()
        page.goto(
            "data:text/html,<html lang=en><title>a</title><main><h1>a</h1><img src=a.png><p style='color:%23ccc'>faint"
        )
        assert {one.rule for one in violations(page) if one.impact in GRAVE} >= {"image-alt", "color-contrast"}
