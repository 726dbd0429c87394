"""The pages in a real browser, beside a stub that speaks the API's contract."""

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from twin_assets.serving.page import WEB
from twin_assets.serving.routes.pages import page_routes
from twin_assets.serving.security import SecurityHeaders
from twin_assets.serving.service import Service
from twin_assets_tests.chromium import CHROMIUM, FLAGS

SHOTS = os.environ.get("TWIN_SHOTS")
"""A folder for screenshots; without one none are taken."""


def _stub_api() -> Any:
    if "stub_api" not in sys.modules:
        spec = importlib.util.spec_from_file_location("stub_api", Path(__file__).parent / "stub_api.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules["stub_api"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["stub_api"])
    return sys.modules["stub_api"]


@pytest.fixture
def stub() -> Any:
    """What the API holds and was sent."""
    return _stub_api().Stub()


@pytest.fixture
def site(settings: Any, search: Any, served: Any, stub: Any) -> Iterator[str]:
    """The URL of the real pages beside the stub."""
    app = FastAPI()
    app.add_middleware(SecurityHeaders)
    app.mount("/static", StaticFiles(directory=WEB / "static"))
    service = Service(settings, search, Path)

    @app.middleware("http")
    async def with_token(request: Any, call: Any) -> Any:
        request.state.csrf = "token-of-the-test"
        return await call(request)

    app.include_router(page_routes(service))
    _stub_api().add_api(app, stub)
    with served(app) as url:
        yield url
        if stub.gate is not None:
            stub.gate.set()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A system Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Opens a page of the site. An error on its console fails the test, but for answers that are errors on purpose."""
    faults: list[str] = []
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])

    def opened(path: str, **size: int) -> Any:
        tab = context.new_page()
        tab.set_default_timeout(15_000)
        if size:
            tab.set_viewport_size({"width": 1280, "height": 800} | size)
        tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(site + path)
        return tab

    yield opened
    context.close()
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []


@pytest.fixture
def inspected() -> Callable[[Any, str], None]:
    """Looks at what is on a page in both colour schemes: no serious finding of axe-core, and it fits 360 px."""
    from axe_playwright_python.sync_playwright import Axe

    def look(page: Any, name: str) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate("scrollTo(0, 0)")
            for width, height in ((1280, 900), (390, 844), (360, 720)):
                page.set_viewport_size({"width": width, "height": height})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, scheme, width)
                if SHOTS and width != 360:
                    page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
                if width == 1280 or scheme == "light":
                    found = Axe().run(page).response["violations"]
                    worst = [
                        (v["id"], v["impact"], [n["target"] for n in v["nodes"]][:4])
                        for v in found
                        if v["impact"] in ("serious", "critical")
                    ]
                    assert worst == [], (name, scheme, width)

    return look
