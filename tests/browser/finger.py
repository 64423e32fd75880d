"""A finger that moves: Playwright's own only taps."""


class Finger:
    """A finger on a page."""

    def __init__(self, page):
        self._session = page.context.new_cdp_session(page)

    def put(self, x, y):
        self._send("touchStart", x, y)
        self._place = x, y

    def move(self, x, y, steps=6):
        x0, y0 = self._place
        for i in range(1, steps + 1):
            self._send("touchMove", x0 + (x - x0) * i / steps, y0 + (y - y0) * i / steps)
        self._place = x, y

    def lift(self):
        self._session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def drag(self, start, end):
        self.put(*start)
        self.move(*end)
        self.lift()

    def put_two(self, *places):
        """Puts one finger down, and then a second one."""
        self._send("touchStart", *places[0])
        self._send_all("touchStart", places)
        self._places = places

    def move_two(self, *places, steps=6):
        for i in range(1, steps + 1):
            between = [
                (x0 + (x - x0) * i / steps, y0 + (y - y0) * i / steps)
                for (x0, y0), (x, y) in zip(self._places, places)
            ]
            self._send_all("touchMove", between)

    def _send(self, kind, x, y):
        self._send_all(kind, [(x, y)])

    def _send_all(self, kind, places):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def place(locator, across, down):
    """Returns a place within an element that is in view: shares of its width and height."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]
