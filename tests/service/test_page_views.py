"""The console's views in a browser, over a real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from index.audit import kept
from index.audit.audit import audit
from index.audit.questions import demo
from index.local.lock import claim
from index.merging import parse_merge
from index.passages import Passage
from tests.service.conftest import CHROMIUM, Serve

if TYPE_CHECKING:
    from playwright.sync_api import Page

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def test_two_rules_side_by_side_with_what_they_favour(serve: Serve, page: Page) -> None:
    with serve() as (url, _):
        page.goto(url)
        page.fill("#query", "Wie entstehen die Gezeiten?")
        page.press("#query", "Enter")
        playwright.expect(page.locator(".panel")).to_have_count(1)
        playwright.expect(page.locator(".hits li")).to_have_count(10)
        playwright.expect(page.locator(".shares .told")).to_contain_text("hits")
        playwright.expect(page.locator(".shares thead th")).to_have_text(["Language", "of hits", "of pool", "starts"])

        page.select_option("#merge", "round-robin")
        page.select_option("#other", "score")
        playwright.expect(page.locator(".panel h2")).to_have_text(["round robin", "raw score"])
        languages = page.locator(".panel").first.locator(".hits .badge").all_inner_texts()
        assert len(set(languages)) == 10, "each turn is another language's"

        page.check("#chips input[value=de]", force=True)
        playwright.expect(page.locator(".panel").first.locator(".hits .badge").first).to_have_text("de")
        playwright.expect(page.locator(".panel").first.locator(".hits .badge", has_not_text="de")).to_have_count(0)


def test_words_alone_are_told_when_they_are_off(serve: Serve, page: Page) -> None:
    with serve() as (url, _):
        page.goto(f"{url}/?q=Mond")
        playwright.expect(page.locator(".hits li")).to_have_count(10)
        page.select_option("#mode", "lexical")
        playwright.expect(page.locator("#status.bad")).to_contain_text("isoglot index lexical")


def test_a_collection_that_cannot_be_opened_hides_no_other(serve: Serve, page: Page) -> None:
    with serve() as (url, engine):
        other = engine.catalog.create("other")[0]
        other.upsert([Passage("1", "moon", "en")])
        folder = other.index.derived()
        assert folder is not None
        held = folder.parent / "held"
        held.mkdir()
        (held / "passages.db").write_bytes((folder / "passages.db").read_bytes())
        lock = claim(held)
        try:
            page.goto(f"{url}/#collections")
            playwright.expect(page.locator(".card h2")).to_have_text(["demo", "held", "other"])
            playwright.expect(page.locator(".card .bad")).to_have_count(1)
            playwright.expect(page.locator(".card .bad")).to_contain_text("held")
        finally:
            lock.close()


def test_the_last_audit_is_shown_and_saved(serve: Serve, page: Page) -> None:
    with serve() as (url, engine):
        page.goto(f"{url}/#audit")
        playwright.expect(page.locator("#status")).to_contain_text("has not been audited")
        found = audit(engine.collection("demo"), demo()[:2], [parse_merge("centred")])
        kept.keep(engine.settings.data, found)
        page.goto(f"{url}/#search")
        page.goto(f"{url}/#audit")
        playwright.expect(page.locator("#audit-report .lead")).to_have_text(found.sentence)
        playwright.expect(page.locator("#audit-report .numbers tbody tr")).to_have_count(2)
        playwright.expect(page.locator("#audit-report .heat").first.locator("tbody tr")).to_have_count(12)
        with page.expect_download() as saved:
            page.click("text=Save as a page")
        assert saved.value.suggested_filename == "audit-demo.html"
