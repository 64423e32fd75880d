"""The pages of marks and votes in a browser: no serious fault, nothing fetched, room on a phone."""

from collections import Counter

import pytest
from axe_playwright_python.sync_playwright import Axe

from scripts import grade, votes
from scripts.grading import hand_ins, pages


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Pages of a class of two."""
    verdicts = {
        "0.1": (True, ""),
        "0.2": (False, "Half of the formula is missing. Read again: “The two usual losses”."),
        "0.3": (None, ""),
    }
    marked = []
    for who in ("Anna Berg", "<b>Ben</b>"):
        done = grade.Marked(hand_ins.HandIn(who, f"{who}/a.ipynb"), notebook="00")
        done.verdicts = [
            {"exercise": name, "passed": passed, "message": said, "tries": 2, "place": "cell 9"}
            for name, (passed, said) in verdicts.items()
        ]
        marked.append(done)
    marked.append(grade.Marked(hand_ins.HandIn("Cem", "c.pdf"), problem="It is no notebook."))
    found = pages.written(marked)
    question, known = next(iter(votes.asked().items()))
    found["votes.html"] = votes.page({question: Counter({known["choices"][0]: 3})})
    folder = tmp_path_factory.mktemp("marks")
    for name, text in found.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_by_everybody(written, phone, scheme):
    phone.emulate_media(color_scheme=scheme)
    asked = []
    phone.on("request", lambda request: asked.append(request.url))
    found = sorted(written.rglob("*.html"))
    assert len(found) == 6
    for path in found:
        phone.goto(path.as_uri())
        assert not Axe().run(phone).response["violations"], path.name
        assert phone.evaluate("document.documentElement.scrollWidth") <= 400, path.name
    assert all(url.startswith(("file:", "data:")) for url in asked)


def test_the_teacher_s_page_leads_to_each_learner(written, page):
    page.goto((written / "index.html").as_uri())
    page.get_by_role("link", name="<b>Ben</b>").click()
    page.get_by_role("heading", name="Exercises of <b>Ben</b>").wait_for()
    assert page.get_by_text("Half of the formula is missing.").count() == 1
    assert page.get_by_role("img").first.evaluate("image => image.naturalWidth") > 100
