"""Signing in and out in a real browser, whose forms carry what no other client sends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twin_assets.serving.app import create_app
from twin_assets.serving.keys import KeyStore


@pytest.fixture
def guarded(settings: Any, search: Any, served: Any) -> Iterator[tuple[str, str]]:
    """The URL of the real service, which is reached from elsewhere, too, and an owner's key."""
    service = settings.service.model_copy(update={"hosts": ("twin.example.org", "127.0.0.1")})
    with served(create_app(settings.model_copy(update={"service": service}), search, Path)) as url:
        yield url, KeyStore.of(settings).add("me", "owner")[1]


def test_the_owner_signs_in_on_the_page_and_out_again(guarded: tuple[str, str], browser: Any, inspected: Any) -> None:
    url, secret = guarded
    page = browser.new_page(base_url=url)
    page.set_default_timeout(15_000)
    refused: list[str] = []
    page.on(
        "response", lambda one: refused.append(one.url) if one.status == 401 and one.request.method == "GET" else None
    )
    page.goto("/sources")
    for key in ("twin_of_somebody_else", secret):
        page.get_by_label("The owner’s key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        if key != secret:
            assert "wrong" in page.get_by_role("alert").inner_text()
            assert page.get_by_role("navigation").count() == 0
            inspected(page, "login")
    page.get_by_role("heading", name="Your sources").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("The owner’s key").wait_for()
    page.goto("/sources")
    assert page.url.endswith("/login?next=%2Fsources")
    assert refused == [], "the page of signing in asks for what needs a key"
    page.close()
