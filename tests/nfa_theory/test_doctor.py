"""The doctor tells what is there, finds files only where they are whole, and advises where something is amiss."""

import json
import os

import numpy

from nfa_theory import doctor
from nfa_theory.cli import main
from numerics.data.catalog import MNIST


def test_versions_are_those_of_the_running_packages():
    found = doctor.examine()
    assert found["versions"]["numpy"] == numpy.__version__
    assert set(found["versions"]) >= {"nfa-theory", "python", "scipy", "sympy"}
    assert found["processor"]["cores"] == len(os.sched_getaffinity(0))


def test_the_threads_of_linear_algebra_are_those_that_are_set():
    from threadpoolctl import threadpool_limits

    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            assert {each["threads"] for each in doctor.blas_libraries()} == {threads}


def test_a_set_counts_as_found_only_if_no_file_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("NFA_DATA", str(tmp_path))
    monkeypatch.setattr(doctor, "search_folders", lambda _: [tmp_path / "mnist", tmp_path])
    (tmp_path / "mnist").mkdir()
    for file in MNIST.files:
        assert doctor.where_found(MNIST) is None
        (tmp_path / "mnist" / file.name).touch()
    assert doctor.where_found(MNIST) == str(tmp_path / "mnist")


def test_advice_is_given_where_something_is_amiss():
    healthy = {
        "processor": {"cores": 2},
        "blas": [{"threads": 2}],
        "data": {"mnist": "/somewhere"},
        "space": {"results": {"folder": "/here", "free": 10**10}},
    }
    assert doctor.advise(healthy) == []
    sick = {
        "processor": {"cores": 2},
        "blas": [{"threads": 64}],
        "data": {"mnist": None},
        "space": {"results": {"folder": "/here", "free": 3 * 10**6}},
    }
    threads, data, space = doctor.advise(sick)
    assert "64 threads on 2 cores" in threads
    assert data.startswith("mnist:")
    assert "only 3 MB are free for results in /here" in space


def test_the_command_says_the_same_as_text_and_as_json(capsys):
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert f"numpy {numpy.__version__}" in " ".join(shown.split())
    assert f"{found['processor']['cores']} usable cores" in shown
    assert "fashion_mnist_subset" in shown
