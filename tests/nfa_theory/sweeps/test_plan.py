"""A plan is checked whole before anything starts: every mistake has its line."""

import numpy as np
import pytest

from nfa_theory.sweeps.grid import Axis, Grid, axes_of
from nfa_theory.sweeps.plan import PlanError, read_plan
from nfa_theory.sweeps.toml_lines import key_lines
from numerics.errors import InputError

GOOD = """
name = "widths and rates"
seeds = 3

[data]
name = "fashion_mnist_subset"
samples = 40

[network]
depth = 1

[optimizer]
steps = 4

[measure]
every = 2

[grid.product]
network.width = [4, 8]
"optimizer.learning_rate" = [0.1, 0.3]

[[grid.zip]]
optimizer.batch_size = [10, 20]
optimizer.weight_decay = [0.0, 0.01]
"""

TEN_MISTAKES = """
title = "ten mistakes"
seeds = [0, 0]

[data]
name = "fashion_mnist_subst"

[network]
activation = "rleu"
depth = 0
hiden = [4]

[optimizer]
steps = -1
learning_rate = "fast"

[measure]
alignment = "cosin"

[grid.product]
network.width = [16, 32.5]

[[grid.zip]]
optimizer.batch_size = [20, 50]
optimizer.weight_decay = [0.0]
"""


def plan(folder, text):
    (folder / "plan.toml").write_text(text)
    return read_plan(folder / "plan.toml")


def problems(folder, text):
    with pytest.raises(PlanError) as caught:
        plan(folder, text)
    start = len(f"{folder / 'plan.toml'}:")
    return [problem[start:] for problem in caught.value.problems]


def test_a_plan_is_all_combinations_of_products_zips_and_seeds(tmp_path):
    grid = plan(tmp_path, GOOD).grid
    assert [axis.keys for axis in grid.axes] == [
        ("network.width",),
        ("optimizer.learning_rate",),
        ("optimizer.batch_size", "optimizer.weight_decay"),
        ("seed",),
    ]
    runs = list(grid)
    assert len(grid) == len(runs) == len({run.name for run in runs}) == 2 * 2 * 2 * 3
    assert runs[-1].settings["optimizer.weight_decay"] == 0.01
    assert runs[-1].at == (1, 1, 1, 2)


def test_ten_mistakes_get_ten_lines(tmp_path):
    found = problems(tmp_path, TEN_MISTAKES)
    expected = [
        "2: unknown key 'title'; ",
        "3: seed must have different values, got 0 twice",
        "6: unknown data set 'fashion_mnist_subst'; did you mean 'fashion_mnist_subset'?",
        "9: unknown activation 'rleu'; did you mean 'relu'?",
        "10: network.depth must be an integer of at least 1, got 0",
        "11: unknown key of [network] 'hiden'; did you mean 'hidden'?",
        "14: optimizer.steps must be an integer of at least 0, got -1",
        "15: optimizer.learning_rate must be positive, got fast",
        "18: unknown alignment 'cosin'; did you mean 'cosine'?",
        "21: network.width must be an integer of at least 1, got 32.5",
        "23: a zip must have as many values of each setting, got 2 of optimizer.batch_size, 1 of optimizer.weight_decay",
    ]
    assert len(found) == len(expected) == 11  # ten mistakes, and one for good measure
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


# ruff: noqa: E501 - a mistake and its message on one line
SINGLE = {
    "no length": (("steps = 4\n", ""), ["11: give optimizer.steps or optimizer.epochs, got neither"]),
    "two lengths": (("steps = 4\n", "steps = 4\nepochs = 1\n"), ["13: give optimizer.steps or optimizer.epochs, not both"]),
    "no data": (('name = "fashion_mnist_subset"\n', ""), ["4: give data.name or data.file, got neither"]),
    "too many samples": (("samples = 40", "samples = 40000"), ["4: train (--samples) must be an integer from 2 to 2000, got 40000"]),
    "given twice": (("depth = 1", "width = 3"), ["9: network.width must be given once, got it in [network] and in the grid"]),
    "a rule that does not fit": (
        ("steps = 4", 'steps = 4\nname = "slo:3"'),
        ["11: layer must be an integer from 1 to 2, got 3 (at optimizer.learning_rate = 0.1, "],
    ),
    "a loss that does not fit": (("steps = 4", 'steps = 4\nloss = "mean"'), ["13: unknown loss 'mean'; "]),
    "a file that is missing": (
        ('name = "fashion_mnist_subset"\nsamples = 40', 'file = "none.npz"'),
        ["4: none.npz: expected a file with X and Y or the name of a data set, got no such file"],
    ),
    "no list": (("network.width = [4, 8]", "network.width = 4"), ["18: network.width must be a list of values in a grid, got 4"]),
    "no value": (("network.width = [4, 8]", "network.width = []"), ["18: network.width must have at least one value, got none"]),
    "seeds": (("seeds = 3", "seeds = true"), ["2: seeds must be their number or a list of them, got True"]),
    "no grid over seeds": (("network.width = [4, 8]", "seeds = [4, 8]"), ["18: a grid is over settings such as network.width, got 'seeds'"]),
    "no TOML": (("depth = 1", "depth = = 1"), ["9: this is not TOML: Invalid value (at line 9, column 9)"]),
    "a schedule": (("steps = 4", 'steps = 4\nschedule = "cosin"'), ["13: unknown schedule 'cosin'; did you mean 'cosine'?"]),
    "measured too late": (("every = 2", "every = [2, 9]"), ["14: measure must list steps in 0..4, got 9"]),
    "a device": (("seeds = 3", 'seeds = 3\ndevice = "tpu"'), ["3: unknown device 'tpu'; "]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", SINGLE)
def test_a_mistake_has_its_line_and_no_others(tmp_path, mistake):
    (old, new), expected = SINGLE[mistake]
    text = GOOD.lstrip("\n")
    assert text.count(old) == 1
    found = problems(tmp_path, text.replace(old, new))
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


def test_a_plan_of_too_many_runs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("nfa_theory.sweeps.plan.MOST_RUNS", 20)
    text = GOOD.lstrip("\n")
    assert problems(tmp_path, text) == ["17: the grid must have at most 20 runs, got 24"]
    many = text.replace("seeds = 3", "seeds = 1_000_000_000")
    assert problems(tmp_path, many) == ["2: there must be at most 20 seeds, got more"]


def test_a_plan_that_is_no_text_or_no_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "plan.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanError, match=r"plan.toml:1: a plan must be text in UTF-8, got another format"):
        read_plan(tmp_path / "plan.toml")
    (tmp_path / "plan.toml").write_bytes(b"#" * 1_100_000)
    with pytest.raises(PlanError, match=r"a plan must have at most 1048576 bytes, got 1100000"):
        read_plan(tmp_path / "plan.toml")
    with pytest.raises(InputError, match=r"a plan is a TOML file, got .*: No such file"):
        read_plan(tmp_path / "other.toml")


def test_what_is_not_said_and_what_is_said_as_it_would_be_have_the_same_names(tmp_path):
    plain = {run.name for run in plan(tmp_path, GOOD).grid}
    said = GOOD.replace("depth = 1", 'depth = 1\nactivation = "relu"\nparametrization = "ntk"')
    assert {run.name for run in plan(tmp_path, said).grid} == plain
    assert not {run.name for run in plan(tmp_path, said.replace("relu", "erf")).grid} & plain


def test_other_data_of_the_same_name_are_another_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X = np.arange(20.0).reshape(10, 2) ** 0.5
    text = GOOD.replace('name = "fashion_mnist_subset"\nsamples = 40', 'file = "mine.npz"')
    np.savez(tmp_path / "mine.npz", X=X, Y=X[:, :1])
    first = {run.name for run in plan(tmp_path, text).grid}
    assert {run.name for run in plan(tmp_path, text).grid} == first
    np.savez(tmp_path / "mine.npz", X=2 * X, Y=X[:, :1])
    assert not {run.name for run in plan(tmp_path, text).grid} & first


def test_lines_of_keys():
    text = 'a = """\nb = 1\n"""\n[t."x.y"]\nc = 1 # d = 2\n\n[[z]]\ne.f = [\n  1,\n]\n[[z]]\n[z.g]\nh = 2'
    assert key_lines(text) == {
        ("a",): 1, ("t", "x.y"): 4, ("t", "x.y", "c"): 5, ("z", 0): 7, ("z", 0, "e", "f"): 8,
        ("z", 1): 11, ("z", 1, "g"): 12, ("z", 1, "g", "h"): 13,
    }  # fmt: skip


def test_grids_from_python_are_checked():
    assert len(Grid({}, axes_of({"a": np.arange(3), ("b", "c"): [(1, "x"), (2, "y")]}))) == 6
    with pytest.raises(InputError, match="a must have different values, got 1 twice"):
        axes_of({"a": [1, 1]})
    with pytest.raises(InputError, match="b, c must have 2 values at each point, got 1"):
        axes_of({("b", "c"): [(1,)]})
    with pytest.raises(InputError, match="a setting must be on one axis, got a on 2"):
        axes_of({"a": [1], ("a", "b"): [(1, 2)]})
    with pytest.raises(InputError, match="must be finite numbers, text, truth values or lists of them, got nan"):
        axes_of({"a": [float("nan")]})
    with pytest.raises(InputError, match="a must have at least one value, got none"):
        Axis(("a",), ())
