"""The notebook of widgets that the tests in JupyterLab share."""

import ast
import json

import numpy as np
from pictures import compare, eventually

CELLS = [
    """
import json
import keras
import numpy as np
from aehelpers import data, models, widgets
keras.utils.set_random_seed(0)
mnist = data.load_mnist()
x, y = mnist.x_test[:30], mnist.y_test[:30]
model = models.variational(4, sizes=(12,))
rng = np.random.default_rng(0)
model.decoder.set_weights(
    [each + rng.normal(0, 0.3, each.shape) for each in model.decoder.get_weights()]
)
maps = models.convolutional(3, filters=(4, 4))
unknown = keras.Sequential([
    keras.Input((3,)), keras.layers.UnitNormalization(), keras.layers.Dense(784, "sigmoid"),
])
""",
    "sliders = widgets.latent_sliders(model, x)\nsliders",
    "other = widgets.latent_sliders(maps, x)\nother",
    "slow = widgets.latent_sliders(unknown)\nslow",
    "map = widgets.latent_map(model, x, y)\nmap",
    "morph = widgets.morph(model, x[0], x[1])\nmorph",
    "noise = widgets.noise(maps, x)\nnoise",
    "features = widgets.features(model, x)\nfeatures",
    "draw = widgets.draw({'a model': model})\ndraw",
    "bits = widgets.bits(model, model.encoder.predict(mnist.x_train[:500], verbose=0), x)\nbits",
    "play = widgets.playground(kind='vanilla')\nplay",
]
NAMES = {"sliders": 3, "latent-map": 1, "morph": 1, "noise": 1, "features": 1, "draw": 1}
NAMES |= {"bits": 1, "playground": 1}

EVALUATE = """async (code) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
  const future = kernel.requestExecute({ code: "", user_expressions: { value: code } });
  const { content } = await future.done;
  return content.user_expressions.value;
}"""


EXECUTE = """code => {
  const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
  const sent = (window.sent = { begun: false, ended: false });
  const future = kernel.requestExecute({ code });
  future.onIOPub = ({ header }) => {
    if (header.msg_type === "execute_input") sent.begun = true;
  };
  future.done.finally(() => { sent.ended = true; });
}"""


class Notebook:
    """The notebook above, open and run."""

    def __init__(self, lab, page):
        self.lab, self.page = lab, page

    def run_all(self):
        self.lab.command(self.page, "notebook:run-all-cells")

    def widget(self, name, number=0):
        return self.page.locator(f".jp-OutputArea .aew-{name}").nth(number)

    def value(self, expression):
        """Evaluates an expression in the kernel; arrays come back as arrays."""
        code = f"json.dumps(({expression}).tolist())"
        answer = self.page.evaluate(EVALUATE, code)
        assert answer["status"] == "ok", answer
        return np.array(json.loads(ast.literal_eval(answer["data"]["text/plain"])))

    def shows(self, locator, expression):
        """Waits until a canvas shows an image of the kernel; both may still change."""
        eventually(lambda: compare(locator, self.value(expression)), locator)

    def execute(self, code):
        """Sends code to the kernel, and doesn't wait until it has run."""
        self.page.evaluate(EXECUTE, code)

    def begins(self):
        """Waits until the kernel is at what was sent last."""
        self.page.wait_for_function("window.sent.begun")

    def runs(self):
        """Returns whether the kernel is at what was sent last, and not done with it."""
        return self.page.evaluate("window.sent.begun && !window.sent.ended")

    def wait(self):
        """Waits until every widget is there."""
        self.widget("playground").wait_for()
        eventually(self.all_there, self.page.locator("body"))

    def all_there(self):
        for name, number in NAMES.items():
            assert self.page.locator(f".jp-OutputArea .aew-{name}").count() == number, name
