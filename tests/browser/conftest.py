"""A real JupyterLab, a real kernel and a real browser, for the tests in this folder."""

import pytest
from lab_notebook import CELLS, Notebook
from pages import opened

from scripts.lab import FLAGS, Lab, find_chromium


def pytest_collection_modifyitems(items):
    """Puts the tests in JupyterLab last: its kernel starts while the others run."""
    items.sort(key=uses_lab)


def uses_lab(item):
    return "lab" in getattr(item, "fixturenames", ())


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
    with opened(chromium, viewport={"width": 1300, "height": 1000}) as page:
        yield page


@pytest.fixture
def small_page(chromium):
    """A window of 1280x900 pixels at 200 %."""
    size = {"width": 640, "height": 450}
    with opened(chromium, viewport=size, device_scale_factor=2) as page:
        yield page


@pytest.fixture
def phone(chromium):
    """The page of a telephone."""
    size = {"width": 400, "height": 800}
    options = {"is_mobile": True, "has_touch": True, "device_scale_factor": 2}
    with opened(chromium, viewport=size, **options) as page:
        yield page


@pytest.fixture(scope="session")
def lab(chromium):
    """One JupyterLab for all tests."""
    with Lab() as lab:
        yield lab


@pytest.fixture(scope="session")
def lab_page(lab, chromium):
    """One page for all tests in JupyterLab, with the notebook of widgets on its way."""
    # Windowed notebooks drop the cells that are out of sight.
    with opened(chromium, viewport={"width": 1300, "height": 5000}) as page:
        lab.begin(page, "widgets", CELLS)
        yield page


@pytest.fixture(scope="session", autouse=True)
def _begin(request):
    if find_chromium() and any(map(uses_lab, request.session.items)):
        request.getfixturevalue("lab_page")


@pytest.fixture(scope="session")
def notebook(lab, lab_page):
    """One notebook for all tests, as a kernel takes long to start."""
    notebook = Notebook(lab, lab_page)
    notebook.wait()
    return notebook
