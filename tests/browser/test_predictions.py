"""Predictions in a real JupyterLab: by mouse, by keyboard, in the dark theme."""

ASK = """from aehelpers import predictions
guess = predictions.ask("Which is larger?", ["the first", "the second", "neither"])
guess"""
ANSWER = 'guess.answer(2, "By far.")'


def open_notebook(page, lab, name):
    lab.open(page, name, [ASK, ANSWER])
    group = page.get_by_role("group", name="Your prediction: Which is larger?")
    group.get_by_role("radio").first.wait_for()
    return group


def answered(page, lab, text):
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    lab.command(page, "notebook:run-cell")
    page.get_by_text(text).wait_for()


def test_a_choice_by_mouse_reaches_the_answer(page, lab):
    group = open_notebook(page, lab, "mouse")
    page.get_by_text("No prediction yet. Measured: the second. By far.").wait_for()
    assert group.get_by_role("radio").count() == 3
    group.get_by_label("1. the first").check()
    group.get_by_text("Recorded: 1.").wait_for()
    answered(page, lab, "You said: the first. Measured: the second. By far.")


def test_arrow_keys_move_between_choices_and_not_between_cells(page, lab):
    group = open_notebook(page, lab, "keys")
    group.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    group.get_by_text("Recorded: 2.").wait_for()
    assert group.get_by_label("2. the second").is_checked()
    assert group.get_by_label("2. the second").evaluate("e => e === document.activeElement")
    outline = "e => getComputedStyle(e.closest('label')).outlineStyle"
    assert group.get_by_label("2. the second").evaluate(outline) == "solid"
    answered(page, lab, "You said: the second. So it is. Measured: the second. By far.")


def test_text_can_be_read_in_the_dark_theme(page, lab):
    group = open_notebook(page, lab, "dark")
    lab.command(page, "apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    page.wait_for_timeout(500)
    for part in ("legend", "label", "p"):
        colour = group.locator(part).first.evaluate("e => getComputedStyle(e).color")
        numbers = [float(n) for n in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        assert sum(numbers) / 3 > 150, (part, colour)
