"""Sphinx settings of the built book: `sphinx-build -c notebooks/_book build/notebooks build/book`.

The source folder holds executed copies of the chapters; the front page is written into it. Nothing
in the result asks for anything outside it, so the book opens from the file system, offline.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import front

project = "The Inference Wall"
author = "The Inference Wall contributors"
copyright = "The Inference Wall contributors. Text and figures: CC BY 4.0, code: BSD-3-Clause"
language = "en"

extensions = ["myst_nb", "live_charts", "mathml", "front"]
root_doc = "index"
exclude_patterns = [".*", "**/.ipynb_checkpoints"]
templates_path = ["templates"]

nb_execution_mode = "off"  # the copies are executed already
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables and formulas in displayed Markdown
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
myst_update_mathjax = False
html_math_renderer = "mathml"

html_theme = "pydata_sphinx_theme"
html_title = "The Inference Wall"
html_favicon = "static/favicon.svg"
html_static_path = ["static"]
html_css_files = ["book.css"]
# Found before Sphinx's search script runs: from file:// a page may not read other pages.
html_js_files = [("book.js", {"priority": 400})]
html_use_index = False
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {"**": ["chapters.html"]}
html_context = {"default_mode": "auto", "prices_as_of": front.prices_as_of()}
html_theme_options = {
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "article_header_start": ["page-line.html"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["as-of.html"],
    "search_bar_text": "Search the book",
    "show_toc_level": 1,
    "back_to_top_button": False,
}
