"""The documentation builds without a warning, its code runs, and its pages need nothing from elsewhere.

Most of the theory is left out here, because it only takes time: ``python3 bootstrap.py docs`` builds everything.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import nfa_theory
from derivations.registry import all_derivations, by_chapter, chapters, derivations_by_module

DOCS = Path(__file__).parents[1] / "docs"


def sphinx(*arguments):
    command = [sys.executable, "-m", "sphinx", "-W", "-q", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    pytest.importorskip("sphinx", reason="needs the extra 'docs'")
    folder = tmp_path_factory.mktemp("documentation")
    result = sphinx("-t", "quick", "-d", folder / "trees", DOCS, folder / "html")
    assert result.returncode == 0, result.stdout + result.stderr
    return {str(p.relative_to(folder / "html")): p.read_text("utf-8") for p in (folder / "html").rglob("*.html")}


def test_no_page_loads_anything_from_elsewhere(pages):
    loaded = re.compile(
        r"""(?:src=|@import|<link[^>]*rel=["']stylesheet["'][^>]*href=)\s*["']?(?:https?:)?//[^"' >]+"""
    )
    assert len(pages) > 100
    assert {name: loaded.findall(text) for name, text in pages.items() if loaded.search(text)} == {}
    assert loaded.search('<script src="https://elsewhere.example/a.js">')


def test_every_image_says_what_it_shows(pages):
    images = [image for text in pages.values() for image in re.findall(r"<img[^>]*>", text)]
    images = [image for image in images if "_thumb.png" not in image]  # beside a title that says the same
    assert len(images) > 5
    assert [image for image in images if not re.search(r'alt="(?!\S*\.png)[^"]{3,}"', image)] == []


def test_mathematics_is_mathml(pages):
    for chapter in chapters().values():
        text = pages[f"theory/{chapter.slug}.html"]
        assert text.count("<math ") > 5
        visible = re.sub(r"<[^>]*>", "", text)
        assert not re.search(r"\\(frac|operatorname|top|kappa)\b", visible)


def test_every_public_name_has_a_page(pages):
    listed = "".join(text for name, text in pages.items() if name.startswith("reference/"))
    missing = [name for name in nfa_theory.__all__ if not name.isupper() and f".{name}" not in listed]
    assert missing == []


def test_a_page_whose_code_fails_fails_the_build(tmp_path):
    pytest.importorskip("myst_nb", reason="needs the extra 'docs'")
    source = tmp_path / "source"
    source.mkdir()
    header = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n# A page\n\n```{code-cell}\n%s\n```\n"
    for code, status in (("1 / 1", 0), ("1 / 0", 2)):
        (source / "index.md").write_text(header % code, encoding="utf-8")
        result = sphinx("-b", "dummy", "-c", DOCS, "-D", "extensions=myst_nb", source, tmp_path / "html")
        assert result.returncode == status, result.stdout + result.stderr


def test_every_claim_stands_in_one_chapter():
    names = list(all_derivations())
    assert [name for claims in by_chapter(names).values() for name in claims] == names
    for slug, chapter in chapters().items():
        listed = {module.partition(".")[2] for module in derivations_by_module() if module.startswith(f"{slug}.")}
        assert set(chapter.reading_order) == listed
