"""A real JupyterLab, a real kernel and a real browser, for the tests in this folder."""

import pytest

from scripts.lab import FLAGS, Lab, find_chromium

PATIENCE = 90_000  # milliseconds; a busy machine is slow, and nothing is measured here


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests; skips where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip("There is no Chromium on the PATH (on Debian: apt-get install chromium).")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A page that fails its test if a script on it fails."""
    context = chromium.new_context(viewport={"width": 1300, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


@pytest.fixture(scope="session")
def lab(chromium):
    """One JupyterLab for all tests."""
    with Lab() as lab:
        yield lab
