import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from scripts import notebooks


def normalised(*outputs):
    notebook = new_notebook(cells=[new_code_cell("x", outputs=list(outputs))])
    return notebooks.normalise(notebook).cells[0].outputs


def stream(text, name="stdout"):
    return new_output("stream", text=text, name=name)


def test_pieces_of_text_are_joined_and_none_is_lost():
    (output,) = normalised(stream("a"), stream("\n"), stream("b\n"))
    assert output.text == "a\nb\n"


def test_tensorflow_s_chatter_is_left_out_and_nothing_else():
    chatter = "WARNING:tensorflow:5 out of the last 162 calls to <function f at 0x7f> retraced\n"
    (output,) = normalised(stream(chatter), stream("1.0\n"))
    assert output.text == "1.0\n"
    (output,) = normalised(stream(f"{chatter}1.0\n"))
    assert output.text == "1.0\n"
    assert not normalised(stream("I0000 00:00:17 oneDNN\n", "stderr"))
    (output,) = normalised(stream("Careful: 5 out of the last 162\n", "stderr"))
    assert output.name == "stderr"


def test_views_of_widgets_go_and_their_pictures_stay():
    data = {"application/vnd.jupyter.widget-view+json": {}, "image/png": "A", "text/plain": "A"}
    (output,) = normalised(new_output("execute_result", data, execution_count=1))
    assert set(output.data) == {"image/png", "text/plain"}


def test_a_stored_notebook_becomes_a_script_with_its_text():
    from nbconvert.exporters import ScriptExporter

    cells = [new_markdown_cell("Text."), new_code_cell("x = 1")]
    notebook = notebooks.normalise(new_notebook(cells=cells))
    script, about = ScriptExporter().from_notebook_node(notebook)
    assert about["output_extension"] == ".py" and "# Text." in script and "x = 1" in script


@pytest.mark.parametrize("home", ["~", "/", "/home/somebody"])
def test_a_path_of_this_machine_is_refused_wherever_its_home_is(monkeypatch, home):
    monkeypatch.setattr(notebooks.os.path, "expanduser", lambda path: home)
    text = "1 / 2 ~ 0.5, in /home/somebody/x"
    notebook = new_notebook(cells=[new_code_cell("x", outputs=[stream(text)])])
    assert bool(notebooks.refuse(notebook)) == (home == "/home/somebody")
