"""What a file is called after cleaning, which type its name tells, and how both are served."""

from pathlib import Path
from urllib.parse import quote

from tests.conformance.assets.site import ASSETS, TEXT, Made, Site
from tests.support.client import Upload

MEASURED = Path(__file__).with_name("content-types.tsv")
"""Extension and content type, as measured from the original (Rails 6.1 and the additions of the application)."""


def test_names_are_cleaned(site: Site) -> None:
    table = {
        "tmp.txt": "tmp.txt",
        "my file (1).txt": "my_file__1_.txt",
        "C:\\dir\\x y.doc": "x_y.doc",
        "/etc/passwd": "passwd",
        "../../up.txt": "up.txt",
        "a&b=c?.txt": "a_b_c_.txt",
        "résumé.txt": "résumé.txt",
        "re\u0301sume\u0301.txt": "re\u0301sume\u0301.txt",
        "日本語.pdf": "日本語.pdf",
        "١٢٣.txt": "١٢٣.txt",
        ".hidden": ".hidden",
        "a+b-c_d.tar.gz": "a+b-c_d.tar.gz",
        "emoji😀.png": "emoji_.png",
        "%20.txt": "_20.txt",
        "..": "_..",
        ".": "_.",
        "...": "_...",
        "dir/": "unnamed",
        "a\u202eb.txt": "a_b.txt",
        "tab\there.txt": "tab_here.txt",
        'quo"te.txt': "quo_te.txt",
        "semi;colon.txt": "semi_colon.txt",
        "no extension": "no_extension",
    }
    read = ("résumé.txt", "re\u0301sume\u0301.txt", "a+b-c_d.tar.gz", "..", "emoji😀.png")
    made = {name: site.create(name) for name in read}
    site.deliver()
    made |= {name: site.create(name) for name in table.keys() - made.keys()}
    assert {name: asset.answer["name"] for name, asset in made.items()} == table
    for name, asset in made.items():
        assert asset.path == asset.media(quote(table[name], safe="-._~+"))
    for name in read:
        assert site.read(made[name].path).body == TEXT, name


def test_a_name_is_cut_to_what_file_systems_hold(site: Site) -> None:
    """Ours: the original has no limit."""
    table = {
        "x" * 300 + ".txt": "x" * 251 + ".txt",
        "é" * 200 + ".pdf": "é" * 125 + ".pdf",
        "x" * 255: "x" * 255,
        "x" * 300: "x" * 255,
        "a." + "x" * 300: "a." + "x" * 253,
    }
    found = {name: site.create(name).answer["name"] for name in table}
    assert found == table
    assert all(len(name.encode()) <= 255 for name in found.values())


def test_the_last_extension_tells_the_type(site: Site) -> None:
    measured = dict(line.split("\t") for line in MEASURED.read_text().splitlines())
    assert len(measured) == 68
    # The JSON has the bare type; what is served of text has a charset as well.
    table = {f"a.{extension}": kind.partition(";")[0] for extension, kind in measured.items()}
    table |= {
        "a.TXT": "text/plain",
        "a.tar.GZ": "application/gzip",
        "a.txt.unknown": "application/octet-stream",
        "txt": "application/octet-stream",
        "a.": "application/octet-stream",
        ".pdf": "application/pdf",
    }
    assert {name: site.create(name, b"x").answer["content_type"] for name in table} == table


def test_types_are_served_as_they_are_and_plain_text_as_utf_8(site: Site) -> None:
    table = {
        "a.txt": "text/plain; charset=utf-8",
        "a.csv": "text/csv",
        "a.html": "text/html",
        "a.pdf": "application/pdf",
        "a.unknown": "application/octet-stream",
    }
    for name, served in table.items():
        made = site.clean(name)
        assert site.read(made.path).headers["Content-Type"] == served
    given = site.clean("a.pdf", content_type="text/plain")
    assert site.read(given.path).headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_given_type_beats_the_extension_and_outlives_the_file(site: Site) -> None:
    made = site.create("a.pdf", content_type="text/markdown")
    assert made.answer["content_type"] == "text/markdown"
    assert site.replace(made, "b.csv", b"x")["content_type"] == "text/markdown"
    assert site.update(made, content_type="")["content_type"] == "text/csv"


def test_a_type_is_never_told_by_the_content(site: Site) -> None:
    made = site.clean("picture.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    assert site.read(made.path).headers["Content-Type"] == "text/plain; charset=utf-8"
    page = site.clean("page.bin", b"<html><script>alert(1)</script></html>")
    assert site.read(page.path).headers["Content-Type"] == "application/octet-stream"


def test_the_disposition_names_the_file_in_any_alphabet(site: Site) -> None:
    files = {"asset[file]": Upload(TEXT, "résumé.txt")}
    made = Made(site.editor.post("/assets", files=files).json())
    site.deliver()
    assert made.answer["file_url"] == f"{ASSETS}/media/{made.id}/r%C3%A9sum%C3%A9.txt"
    disposition = site.read(made.path).headers["Content-Disposition"]
    assert disposition == "inline; filename=\"r_sum_.txt\"; filename*=UTF-8''r%C3%A9sum%C3%A9.txt"
