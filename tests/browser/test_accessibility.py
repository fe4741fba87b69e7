"""Everybody can use the console's pages, in light and dark: axe-core finds nothing serious on any of them."""

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.accessibility import GRAPHICS, GRAVE, TEXT, contrast, script, violations
from tests.browser.conftest import Traffic, demand_console
from tests.browser.content import Place, furnish
from tests.browser.test_assets import png
from tests.support.chromium import PATIENCE
from tests.support.product import Product


@pytest.fixture(scope="module")
def places(product: Product) -> dict[str, Place]:
    """The pages, with something on each."""
    demand_console()
    return furnish(product, png(320, 200, b"\x20\x60\xa0"))


WIDE: ViewportSize = {"width": 1280, "height": 720}
NARROW: ViewportSize = {"width": 400, "height": 800}


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", WIDE), ("light", NARROW)])
def test_no_page_is_hard_to_use_for_anybody(
    browser: Browser, product: Product, places: dict[str, Place], scheme: str, size: ViewportSize
) -> None:
    """No page has a grave fault, and a narrow one need not be moved sideways, whatever is opened on it."""
    axe = script()
    found, widths = {}, {}
    with browser.new_context(color_scheme=scheme, viewport=size, bypass_csp=True) as context:  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.add_init_script(axe)
        page = context.new_page()
        traffic = Traffic(page)
        for name, place in places.items():
            page.goto(f"http://localhost:{product.port}{place.path}")
            expect(page.get_by_text(place.shows).first).to_be_visible()
            found[name] = [one for one in violations(page) if one.impact in GRAVE]
            if size is NARROW:
                traffic.settle()
                for closed in page.locator("summary").all():
                    closed.click()
                traffic.settle()
                widths[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: those for name, those in found.items() if those} == {}
    assert {name: width for name, width in widths.items() if width > NARROW["width"]} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_in_the_graph_stand_out_from_their_boxes(
    browser: Browser, product: Product, places: dict[str, Place], scheme: str
) -> None:
    with browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"http://localhost:{product.port}{places['workspace asset'].path}")
        expect(page.locator(".graph text").first).to_be_visible()
        fills = page.locator(".graph text, .graph rect").evaluate_all(
            "all => all.map((one) => [one.tagName, getComputedStyle(one).fill])"
        )
        edges = page.locator(".graph rect, .graph .edge").evaluate_all(
            "all => all.map((one) => getComputedStyle(one).stroke)"
        )
        behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
    names = {colour for kind, colour in fills if kind == "text"}
    boxes = {colour for kind, colour in fills if kind == "rect"}
    assert len(names) == 2, "that of the asset and those that are links"
    assert min(contrast(name, box) for name in names for box in boxes) >= TEXT
    assert min(contrast(edge, behind) for edge in edges) >= GRAPHICS


def test_what_is_hard_to_use_is_found(browser: Browser) -> None:
    with browser.new_context() as context:
        context.add_init_script(script())
        page = context.new_page()
        page.goto(
            "data:text/html,<html lang=en><title>a</title><main><h1>a</h1><img src=a.png><p style='color:%23ccc'>faint"
        )
        assert {one.rule for one in violations(page) if one.impact in GRAVE} >= {"image-alt", "color-contrast"}
