"""The same record gives the same bytes, whatever the day, the hash seed and the user's settings."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import matplotlib as mpl
import pytest

from nfa_theory.figures import alignment_figure, paper_style, prediction_figure, render, write_figure

CHILD = """
import sys
from hashlib import sha256
sys.path.insert(0, sys.argv[1])
from conftest import make_record
from nfa_theory.figures import alignment_figure, render
for file_format in ("pdf", "png", "svg"):
    print(sha256(render(alignment_figure(make_record()), file_format)).hexdigest())
"""


def test_another_process_another_day_another_hash_seed(record):
    here = Path(__file__).parent.parent
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "SOURCE_DATE_EPOCH": "86400"}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(here)], capture_output=True, text=True, check=True, env=environment
    )
    ours = [sha256(render(alignment_figure(record), kind)).hexdigest() for kind in ("pdf", "png", "svg")]
    assert child.stdout.split() == ours


def test_other_numbers_give_other_bytes(record):
    first = render(alignment_figure(record), "svg")
    record["uc_nfa"][0, 0, 0] += 0.01
    assert render(alignment_figure(record), "svg") != first


@pytest.mark.parametrize("file_format", ["pdf", "svg"])
def test_the_users_settings_change_nothing_and_come_back(table, file_format):
    expected = render(prediction_figure(table), file_format)
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "lines.linewidth": 9}):
        assert render(prediction_figure(table), file_format) == expected
        assert mpl.rcParams["font.size"] == 20


def test_fonts_are_embedded_as_truetype_and_no_date_is_written(record):
    pdf = render(alignment_figure(record), "pdf")
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    assert b"<dc:date>" not in render(alignment_figure(record), "svg")


def test_a_figure_is_written_in_both_sizes_with_its_data(table, tmp_path):
    files = write_figure(prediction_figure(table), tmp_path)
    assert [path.name for path in files] == [
        "prediction.csv",
        "prediction.pdf",
        "prediction.png",
        "prediction_one_column.pdf",
        "prediction_one_column.png",
    ]
    assert sorted(tmp_path.iterdir()) == files
    assert (tmp_path / "prediction.pdf").read_bytes() == render(prediction_figure(table), "pdf", 2)


def test_the_style_restores_the_settings_after_an_error():
    before = dict(mpl.rcParams)
    with pytest.raises(ZeroDivisionError), paper_style():
        _ = 1 / 0
    assert dict(mpl.rcParams) == before
