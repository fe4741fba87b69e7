"""Chains of replacements: kept short, free of loops, and quiet while a replacement is a draft."""

from tests.conformance.assets.site import ASSETS, DRAFT, TEXT, Made, Site, sentences

LOOP = "Replacement cannot lead back to the asset itself"


def leads_to(site: Site, made: Made, host: str = ASSETS) -> str | None:
    """Where readers of an asset are sent."""
    reply = site.read(made.path, host, by=site.editor)
    assert reply.status in (200, 301)
    return reply.headers.get("Location")


def replacement(site: Site, made: Made) -> str | None:
    """The id of an asset's replacement as the API shows it."""
    shown: str | None = site.editor.get(made.url).json().get("replacement_id")
    return shown


def test_who_is_replaced_by_a_replaced_asset_gets_its_replacement(site: Site) -> None:
    first, other, second, third = (site.clean(f"{name}.txt") for name in ("a", "a2", "b", "c"))
    for made in (first, other):
        site.update(made, replacement_id=second.id)
    assert leads_to(site, first) == f"//assets.test{second.path}"
    site.update(second, replacement_id=third.id)
    assert [replacement(site, made) for made in (first, other, second)] == [third.id] * 3
    assert [leads_to(site, made) for made in (first, other, second)] == [f"//assets.test{third.path}"] * 3
    fourth = site.clean("d.txt")
    site.update(third, replacement_id=fourth.id)
    assert [replacement(site, made) for made in (first, other, second, third)] == [fourth.id] * 4


def test_a_draft_replacement_changes_nothing_until_it_is_published(site: Site) -> None:
    first, second, draft = site.clean("a.txt"), site.clean("b.txt"), site.clean("d.txt", draft=True)
    site.update(first, replacement_id=second.id)
    site.update(second, replacement_id=draft.id)
    assert replacement(site, first) == second.id
    assert leads_to(site, first) == f"//assets.test{second.path}"
    assert leads_to(site, second) is None
    assert site.read(second.path).body == TEXT
    assert leads_to(site, second, DRAFT) == f"//draft-assets.test{draft.path}"
    site.update(draft, draft=False)
    assert [replacement(site, made) for made in (first, second)] == [draft.id] * 2
    assert [leads_to(site, made) for made in (first, second)] == [f"//assets.test{draft.path}"] * 2


def test_a_chain_that_was_made_backwards_is_short_too(site: Site) -> None:
    first, second, third = site.clean("a.txt"), site.clean("b.txt"), site.clean("c.txt")
    site.update(second, replacement_id=third.id)
    site.update(first, replacement_id=second.id)
    # The original follows only when the one in the middle is saved; readers arrive by two steps until then.
    site.update(second, parent_document_url="https://www.gov.uk/x")
    assert replacement(site, first) == third.id


def test_taking_a_replacement_away_publishes_again(site: Site) -> None:
    first, second, third = site.clean("a.txt"), site.clean("b.txt"), site.clean("c.txt")
    site.update(first, replacement_id=second.id)
    site.update(first, replacement_id="")
    assert site.read(first.path).body == TEXT
    site.update(second, replacement_id=third.id)
    assert replacement(site, first) is None, "it no longer belongs to the chain"


def test_loops_are_refused(site: Site) -> None:
    first, second, third = site.clean("a.txt"), site.clean("b.txt"), site.clean("c.txt")
    assert site.refused(first, replacement_id=first.id) == [LOOP]
    site.update(first, replacement_id=second.id)
    assert site.refused(second, replacement_id=first.id) == [LOOP]
    site.update(second, replacement_id=third.id)
    assert site.refused(third, replacement_id=first.id) == [LOOP]
    assert site.refused(third, replacement_id=second.id) == [LOOP]
    drafts = [site.clean(f"{name}.txt", draft=True) for name in ("d", "e", "f")]
    site.update(drafts[0], replacement_id=drafts[1].id)
    site.update(drafts[1], replacement_id=drafts[2].id)
    assert site.refused(drafts[2], replacement_id=drafts[0].id) == [LOOP]
    assert site.read(third.path).body == TEXT


def test_chains_of_drafts_have_an_end(site: Site) -> None:
    made = [site.create(f"{number}.txt", draft=True) for number in range(22)]
    for one, next_one in zip(reversed(made[1:-1]), reversed(made[2:]), strict=True):
        site.update(one, replacement_id=next_one.id)
    told = sentences(site.editor.put(made[0].url, json={"asset": {"replacement_id": made[1].id}}))
    assert told == ["Replacement leads to too long a chain of replacements"]


def test_many_replaced_assets_follow_by_the_queue(site: Site) -> None:
    second, third = site.clean("b.txt"), site.clean("c.txt")
    first = [site.create(f"{number}.txt", replacement_id=second.id) for number in range(22)]
    site.update(second, replacement_id=third.id)
    site.deliver()
    assert {replacement(site, made) for made in first} == {third.id}


def test_an_old_invalid_parent_does_not_hold_the_chain_up(site: Site) -> None:
    first, second, third = site.clean("a.txt"), site.clean("b.txt"), site.clean("c.txt")
    site.update(first, replacement_id=second.id)
    site.make_parent_invalid(first)
    assert site.refused(first, draft=False) == ["Parent document url must be an http(s) URL"]
    site.update(second, replacement_id=third.id)
    assert replacement(site, first) == third.id
    assert leads_to(site, first) == f"//assets.test{third.path}"


def test_a_deleted_replacement_is_gone_for_whoever_is_sent_there(site: Site) -> None:
    first, second = site.clean("a.txt"), site.clean("b.txt")
    site.update(first, replacement_id=second.id)
    site.delete(second)
    assert leads_to(site, first) == f"//assets.test{second.path}"
    assert site.read(second.path).status == 410


def test_a_replacement_is_led_to_at_the_path_it_has_now(site: Site) -> None:
    first, second = site.clean("a.txt"), site.clean("b.txt")
    site.update(first, replacement_id=second.id)
    site.replace(second, "new name.txt", TEXT)
    assert leads_to(site, first) == f"//assets.test{second.media('new_name.txt')}"
    whitehall = site.whitehall("/government/uploads/ä.txt")
    site.update(first, replacement_id=whitehall.id)
    assert leads_to(site, first) == "//assets.test/government/uploads/%C3%A4.txt"
