"""Whole files or none, and nobody's other files are touched."""

import pytest

from nfa_theory.files import staged_file, staged_folder, write_atomically
from numerics.errors import InputError


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_file_is_replaced_as_a_whole(tmp_path):
    write_atomically(tmp_path / "a", "old")
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_text() == "new"
    assert everything(tmp_path) == ["a"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    write_atomically(tmp_path / "a", "old")

    def attempt():
        with staged_file(tmp_path / "a") as staged:
            staged.write_text("half of the n")
            raise failure

    with pytest.raises(failure):
        attempt()
    assert (tmp_path / "a").read_text() == "old"
    assert everything(tmp_path) == ["a"]


def test_a_new_folder_appears_with_its_parents(tmp_path):
    with staged_folder(tmp_path / "x" / "y") as staged:
        (staged / "sub").mkdir()
        (staged / "sub" / "a").write_text("1")
        assert not (tmp_path / "x").exists()
    assert everything(tmp_path) == ["x", "x/y", "x/y/sub", "x/y/sub/a"]


def test_an_existing_folder_keeps_what_else_it_holds(tmp_path):
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_text("old")
    with staged_folder(tmp_path) as staged:
        (staged / "sub").mkdir()
        (staged / "sub" / "a").write_text("new")
        assert (tmp_path / "sub" / "a").read_text() == "old"
    assert everything(tmp_path) == ["mine", "sub", "sub/a"]
    assert (tmp_path / "sub" / "a").read_text() == "new"


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["new/deep", "."])
def test_a_failure_leaves_no_folder(tmp_path, failure, name):
    def attempt():
        with staged_folder(tmp_path / name) as staged:
            (staged / "a").write_text("half")
            raise failure

    with pytest.raises(failure):
        attempt()
    assert everything(tmp_path) == []


def test_a_new_folder_is_as_public_as_others(tmp_path):
    (tmp_path / "reference").mkdir()
    with staged_folder(tmp_path / "new"):
        pass
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "reference").stat().st_mode


def test_places_that_cannot_be_written_are_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"the output must be a folder, got '.*/file/x': '.*/file' is a file"):
        staged_folder(tmp_path / "file" / "x").__enter__()
    with pytest.raises(InputError, match="the output must be a file, got the folder"):
        write_atomically(tmp_path, "")
    with pytest.raises(InputError, match="the folder of the output must exist, got"):
        write_atomically(tmp_path / "missing" / "a", "")
    with pytest.raises(InputError, match=r"the output must be writable, got .*: No such file or directory"):
        staged_folder("/proc/nfa").__enter__()
