"""Sphinx configuration. Build with ``sphinx-build -W docs build/docs``; ``-t quick`` leaves most of the theory out."""

import sys
from pathlib import Path

from nfa_theory import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "nfa-theory"
author = "The nfa-theory developers"
release = version = __version__
html_title = f"nfa-theory {release}"

extensions = [
    "mathml_math",
    "reference",
    "theory",
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["gallery/*", "examples/*", "auto_gallery/*.ipynb", "auto_gallery/*.py", "auto_gallery/*.json"]
templates_path = ["_templates"]
default_role = "py:obj"
toc_object_entries = False

myst_enable_extensions = ["colon_fence", "dollarmath", "smartquotes"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True  # a page that fails, fails the build
nb_execution_timeout = 120
nb_merge_streams = True

autosummary_generate = True
numpydoc_show_class_members = False
autodoc_typehints = "none"  # the docstrings give types with shapes

sphinx_gallery_conf = {
    "ignore_pattern": r"__init__\.py",
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r"plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "min_reported_time": 1e9,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "reset_modules": (),
}

html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["nfa.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072B2", "color-brand-content": "#005a8c"},
    "dark_css_variables": {"color-brand-primary": "#56B4E9", "color-brand-content": "#7cc4ee"},
}
copybutton_exclude = ".linenos, .gp, .go"
