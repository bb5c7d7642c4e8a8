"""The page in a browser, where the service asks for an API key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.keys import make_key
from tests.service.conftest import CHROMIUM, Serve

if TYPE_CHECKING:
    from playwright.sync_api import Page

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def test_a_wrong_key_is_refused_and_the_right_one_searches(serve: Serve, page: Page) -> None:
    secret, kept = make_key("browser", "read")
    expect = playwright.expect
    with serve(keys=[kept]) as (url, _):
        page.goto(url)
        form, status = page.locator("#access"), page.locator("#status")
        expect(form).to_be_visible()
        expect(page.locator("#key")).to_be_focused()
        expect(status).to_contain_text("Enter an API key")
        assert page.locator(".hits li").count() == 0

        page.fill("#key", "isoglot-wrong")
        page.click("#access button")
        expect(status).to_contain_text("not known")
        expect(form).to_be_visible()

        page.fill("#key", secret)
        page.click("#access button")
        expect(form).to_be_hidden()
        page.fill("#query", "moon")
        page.press("#query", "Enter")
        expect(page.locator(".hits li")).to_have_count(10)

        page.reload()
        expect(form).to_be_hidden()
        assert secret not in page.content() and secret not in page.url, "the key is shown nowhere"


def test_another_tab_is_asked_again(serve: Serve, page: Page) -> None:
    secret, kept = make_key("browser", "read")
    with serve(keys=[kept]) as (url, _):
        page.goto(url)
        page.fill("#key", secret)
        page.click("#access button")
        playwright.expect(page.locator("#access")).to_be_hidden()
        other = page.context.new_page()
        other.goto(url)
        playwright.expect(other.locator("#access")).to_be_visible()
