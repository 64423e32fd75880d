"""How Sphinx makes the course's site from what scripts/book.py puts into _build/source."""

import os
import sys
from pathlib import Path

BOOK = Path(__file__).parent
sys.path[:0] = [str(BOOK.parent), str(BOOK)]

import aehelpers  # noqa: E402

project = "Autoencoders, hands on"
author = "the aehelpers authors"
version = release = aehelpers.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "course_site",
]
source_suffix = {".rst": "restructuredtext", ".ipynb": "myst-nb", ".md": "myst-nb"}
templates_path = ["templates"]
exclude_patterns = ["_static", "colab"]
default_role = "code"  # what docstrings in the style of Keras mean by single backquotes
# Nothing is executed, and no page loads what a front end of Jupyter would need.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
suppress_warnings = ["config.cache"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
# Matplotlib writes `set` for each subclass, in a language of its own.
autodoc_default_options = {"show-inheritance": True, "exclude-members": "set"}
napoleon_use_rtype = False

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static", str(Path(os.environ["COURSE_SOURCE"], "_static"))]
html_css_files = ["course/widgets.css", "course.css", ("print.css", {"media": "print"})]
html_favicon = "static/favicon.svg"
html_js_files = [("course.js", {"defer": "defer"})]
html_sidebars = {"**": ["site-name.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
html_math_renderer = "mathml"
html_context = {
    "description": "A course on autoencoders in Keras 3, with live sliders: vanilla, "
    "convolutional, denoising, sparse and variational, on handwritten digits.",
    "default_mode": "auto",
}
html_show_copyright = False
# The search finds names, too.
html_use_index = html_domain_indices = False
html_copy_source = html_show_sourcelink = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "navbar_start": [],
    "navbar_center": [],
    "navbar_end": [],
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "toc_title": "On this page",
    "footer_content_items": ["extra-footer.html"],
    "extra_footer": "Code: MIT. Text and figures: CC BY 4.0. The digits are from MNIST, by "
    "Y. LeCun and C. Cortes, CC BY-SA 3.0.",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    # The package's pages are listed on one of their own; a menu that unfolds would have no name.
    "max_navbar_depth": 1,
}
copybutton_selector = "div.cell_input pre, div.highlight-default pre, div.highlight-python pre"
