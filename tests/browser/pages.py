"""Pages of a browser."""

from contextlib import contextmanager

PATIENCE = 240_000  # milliseconds; a busy machine is slow, and nothing is measured here


@contextmanager
def opened(chromium, **options):
    """A page that fails its test if a script on it fails."""
    context = chromium.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors
