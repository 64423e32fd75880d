"""Predictions in a real JupyterLab: by mouse, by keyboard, in the dark theme."""

import pytest
from pictures import eventually

CELLS = [
    """from aehelpers import predictions
larger = predictions.ask("Which is larger?", ["the first", "the second", "neither"])
larger""",
    "larger.answer(2)",
    """faster = predictions.ask("Which is faster?", ["the first", "the last", "neither"])
faster""",
    "faster.answer(2)",
]


@pytest.fixture(scope="module")
def page(lab, lab_page):
    """One notebook with both questions, in a tab of its own."""
    lab.open(lab_page, "predictions", CELLS)
    return lab_page


def group_of(page, word):
    group = page.get_by_role("group", name=f"Your prediction: Which is {word}?")
    group.get_by_role("radio").first.wait_for()
    return group


def answered(page, lab, cell, text):
    page.locator(".jp-NotebookPanel:visible .jp-CodeCell .cm-content").nth(cell).click()
    lab.command(page, "notebook:run-cell")
    page.get_by_text(text).wait_for()


def test_a_choice_by_mouse_reaches_the_answer(page, lab):
    group = group_of(page, "larger")
    page.get_by_text("No prediction yet. Measured: the second.").wait_for()
    assert group.get_by_role("radio").count() == 3
    group.get_by_label("1. the first").check()
    group.get_by_text("Recorded: 1.").wait_for()
    answered(page, lab, 1, "You said: the first. Measured: the second.")


def test_arrow_keys_move_between_choices_and_not_between_cells(page, lab):
    group = group_of(page, "faster")
    group.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    group.get_by_text("Recorded: 2.").wait_for()
    assert group.get_by_label("2. the last").is_checked()
    assert group.get_by_label("2. the last").evaluate("e => e === document.activeElement")
    outline = "e => getComputedStyle(e.closest('label')).outlineStyle"
    assert group.get_by_label("2. the last").evaluate(outline) == "solid"
    answered(page, lab, 3, "You said: the last. So it is. Measured: the last.")


def test_after_a_restart_nothing_is_said_to_be_recorded(page, lab):
    page.evaluate(
        "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    group = group_of(page, "larger")
    group.get_by_label("3. neither").check()
    group.get_by_text("You chose 3. The kernel hasn't heard of it").wait_for()
    assert group.get_by_text("Recorded").count() == 0


def test_text_can_be_read_in_the_dark_theme(page, lab):
    group = group_of(page, "larger")
    lab.command(page, "apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")

    def is_light(part):
        colour = group.locator(part).first.evaluate("e => getComputedStyle(e).color")
        numbers = [float(n) for n in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        assert sum(numbers) / 3 > 150, (part, colour)

    for part in ("legend", "label", "p"):
        eventually(lambda part=part: is_light(part), group)
