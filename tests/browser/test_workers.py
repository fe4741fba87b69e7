"""A worker is asked for what its form says, and the pages tell how far it is."""

import io
import json
import re
import zipfile

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.test_sites import choose, project
from tests.support.holding import held
from tests.support.product import Answer, Product

QUEUE = "/api/workers/queue"
SCHEMA = {
    "type": "object",
    "properties": {
        "palette": {"type": "string", "title": "Palette", "enum": ["cold", "warm", "grey"], "default": "warm"},
        "depth": {"type": "integer", "title": "Depth", "minimum": 1, "maximum": 9, "default": 3},
        "scale": {"type": "number", "title": "Scale", "default": 0.5},
        "smooth": {"type": "boolean", "title": "Smooth", "default": True},
        "caption": {"type": "string", "title": "Caption", "default": "untitled"},
        "layers": {"type": "array", "title": "Layers", "items": {"type": "string"}, "default": ["ink"]},
        "seed": {"type": "integer", "title": "Seed"},
    },
    "required": ["palette"],
    "additionalProperties": False,
}
DEFAULTS = {name: one["default"] for name, one in SCHEMA["properties"].items() if "default" in one}  # type: ignore[attr-defined]


def send(product: Product, method: str, path: str, **body: object) -> Answer:
    answer = product.request(method, path, body=json.dumps(body), Content_Type="application/json")
    assert answer.status == 200, answer.body
    return answer


def test_a_form_has_the_defaults_of_its_schema_and_sends_what_was_chosen(console: Opened, product: Product) -> None:
    worker = {"name": "tracer", "type": "trace", "extensions": [".trace"], "parameters": {"schema": SCHEMA}}
    send(product, "POST", "/api/workers", **worker)
    page = project(console, "drawings")
    choose(page, "quay.trace", b"a line")
    page.get_by_role("link", name="quay.trace").click()
    expect(page.get_by_label("Palette")).to_have_value("warm")
    expect(page.get_by_label("Palette").get_by_role("option")).to_have_text(["cold", "warm", "grey"])
    expect(page.get_by_label("Depth")).to_have_value("3")
    expect(page.get_by_label("Scale")).to_have_value("0.5")
    expect(page.get_by_label("Smooth")).to_be_checked()
    expect(page.get_by_label("Caption")).to_have_value("untitled")
    expect(page.get_by_label("Layers")).to_have_value('["ink"]')
    expect(page.get_by_label("Seed")).to_have_value("")

    assert asked(page, product) == {**DEFAULTS, "filename": "quay.trace"}
    page.get_by_label("Palette").select_option("cold")
    page.get_by_label("Depth").fill("9")
    page.get_by_label("Scale").fill("0.25")
    page.get_by_label("Smooth").uncheck()
    page.get_by_label("Caption").fill("The quay")
    page.get_by_label("Layers").fill('["ink", "wash"]')
    page.get_by_label("Seed").fill("7")
    chosen = {
        "palette": "cold", "depth": 9, "scale": 0.25, "smooth": False, "caption": "The quay", "layers": ["ink", "wash"],
        "seed": 7,
    }  # fmt: skip
    assert asked(page, product) == {**chosen, "filename": "quay.trace"}


def asked(page: Page, product: Product) -> object:
    """Press the button; the parameters of the task that is in the queue then, which is cancelled."""
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith(QUEUE)) as made:
        page.get_by_role("button", name="Process").click()
    assert made.value.status == 200
    task_id = made.value.headers["x-task-id"]
    options = {task["_id"]: task["taskOptions"] for task in product.get(QUEUE).json()}[task_id]
    send(product, "DELETE", QUEUE, task_id=task_id)
    return options


FILES = 201
"""One more than `extract` unpacks in one part."""
PARTS = 2


def test_the_pages_tell_how_far_a_worker_is(console: Opened, product: Product) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(FILES):
            archive.writestr(f"{number:03}.txt", "a file")
    page = project(console, "cargo")
    choose(page, "crate.zip", packed.getvalue())
    page.get_by_role("link", name="crate.zip").click()
    task = page.get_by_role("list", name="Tasks").get_by_role("listitem")
    with held(product, "PROCESS_QUEUE") as let:
        page.get_by_role("button", name="Process").click()
        expect(task).to_have_text(re.compile("^extract crate.zip new"))
        task_id = product.get(QUEUE).json()[-1]["_id"]
        let(next="extract")
        bar = task.get_by_role("progressbar", name="progress of extract on crate.zip")
        expect(bar).to_be_visible()
        expect(task).to_have_text(re.compile("^extract crate.zip processing *$"))
        job = f"{task_id}-1"
        let(job=job)
        for number in range(PARTS):
            expect(task).to_contain_text(f"{number} of {PARTS}")
            expect(bar).to_have_attribute("value", str(number))
            let(part=f"{job}/{number + 1}")
        expect(task).to_contain_text(f"{PARTS} of {PARTS}")
        asset = page.url
        page.get_by_role("link", name="Workers").click()
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name="default/cargo/crate.zip"))
        expect(row).to_contain_text(f"{PARTS} of {PARTS}")
        expect(row.get_by_role("progressbar")).to_have_attribute("value", str(PARTS))
        let(job=job)
        expect(row.locator(".state.good")).to_have_text("done")
        expect(row.get_by_role("progressbar")).to_have_count(0)
    page.goto(asset)
    expect(page.locator(".state.good")).to_have_text("done")
    expect(page.get_by_text("extract/", exact=True)).to_be_visible()
    expect(task).to_have_count(0)
