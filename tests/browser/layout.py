"""Where there is little room: is anything of a widget cut off, and is every control in reach?"""

# Within the page or the cell that the widget is in; a frame is a page of its own.
_FAULTS = """widget => {
  const faults = [];
  const says = (fault, element) => {
    const about = element.getAttribute("aria-label") || element.textContent.trim().slice(0, 30);
    faults.push(`${element.tagName} ${element.getAttribute("class")} "${about}" ${fault}`);
  };
  const outer = widget.getBoundingClientRect();
  for (const element of [widget, ...widget.querySelectorAll("*")]) {
    const apart = ".aew-hidden, .aew-cursor, [visibility=hidden], option";
    if (!element.getClientRects().length || element.closest(apart)) continue;
    const { left, right } = element.getBoundingClientRect();
    if (left < outer.left - 1 || right > outer.right + 1) says("sticks out", element);
    const block = element instanceof HTMLElement && element.clientWidth > 0;
    if (block && element.scrollWidth > element.clientWidth + 1) says("holds too much", element);
  }
  for (let each = widget; each && !each.matches(".jp-Cell"); each = each.parentElement) {
    if (each.scrollWidth > each.clientWidth + 1) says("scrolls sideways", each);
  }
  for (const control of widget.querySelectorAll("button, input, select, [tabindex='0']")) {
    control.scrollIntoView({ block: "center" });
    const { left, top, width, height } = control.getBoundingClientRect();
    const map = control.matches("[tabindex]:not(button)");
    const wide = control.type === "range" ? 160 : map ? 190 : 24;
    if (width < wide || height < 20) says(`is ${width} x ${height} small`, control);
    if (!control.contains(document.elementFromPoint(left + width / 2, top + height / 2))) {
      says("is covered", control);
    }
  }
  for (const picture of widget.querySelectorAll("canvas")) {
    if (!picture.getClientRects().length) continue;
    const { width, height } = picture.getBoundingClientRect();
    const wanted = picture.width / picture.height;
    if (Math.abs(width / height / wanted - 1) > 0.05) says("is out of shape", picture);
  }
  return faults;
}"""


def assert_room(widget):
    """Stops if a widget is wider than its place, or its controls are too small or covered."""
    faults = widget.evaluate(_FAULTS)
    assert not faults, "\n".join(faults)
