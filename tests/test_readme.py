"""The README says what is true today: its table counts the claims there are, its images exist and are described."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def claims_table():
    spec = importlib.util.spec_from_file_location("claims_table", ROOT / "scripts" / "claims_table.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_claims_is_current():
    script = claims_table()
    assert script.with_table(README) == README, "python scripts/claims_table.py writes it anew"


def test_a_table_that_is_not_current_would_be_noticed():
    script = claims_table()
    wrong = re.sub(r"\| (\d+) \|", lambda match: f"| {int(match[1]) + 1} |", README, count=1)
    assert wrong != README
    assert script.with_table(wrong) == README


def test_every_image_is_there_and_described():
    images = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", README)
    assert len(images) >= 3
    for text, path in images:
        assert len(text) > 20
        assert (ROOT / path).is_file()


def test_every_link_to_a_file_leads_somewhere():
    links = re.findall(r"\]\(((?!https?:)[^)#]+)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
