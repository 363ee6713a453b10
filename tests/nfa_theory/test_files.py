"""Whole files or none, and nobody's other files are touched."""

import os
import resource
import signal
import subprocess
import sys

import pytest

from nfa_theory.files import check_target, staged_file, staged_folder, write_atomically
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
        with staged_file(tmp_path / "a", replace=True) as staged:
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


def test_what_exists_is_replaced_only_with_permission(tmp_path):
    (tmp_path / "a").write_text("precious")
    with pytest.raises(InputError, match=r"the output must be new, got '.*/a', which exists; --force replaces it"):
        check_target(tmp_path / "a", replace=False)
    assert check_target(tmp_path / "a", replace=True) == tmp_path / "a"
    with (
        pytest.raises(InputError, match="the output must be new, got"),
        staged_folder(tmp_path, names=["a"], replace=False),
    ):
        pass


def test_inputs_links_and_devices_are_never_replaced(tmp_path):
    (tmp_path / "data").write_text("precious")
    os.link(tmp_path / "data", tmp_path / "same")
    (tmp_path / "link").symlink_to("data")
    (tmp_path / "dangling").symlink_to("nothing")
    (tmp_path / "zarr").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("data", "same"):
        with pytest.raises(InputError, match="the output must not be the input"):
            check_target(tmp_path / name, replace=True, inputs=[tmp_path / "data"])
    with pytest.raises(InputError, match="the output must not be the input"):
        check_target(tmp_path / "zarr" / "run.nc", replace=True, inputs=[tmp_path / "zarr"])
    for name in ("link", "dangling"):
        with pytest.raises(InputError, match=r"the output must be a file of its own, got the link '.*' to"):
            check_target(tmp_path / name, replace=True)
    for path in (tmp_path / "pipe", "/dev/null", "/dev/stdout"):
        with pytest.raises(InputError, match=r"the output must be a (regular file|file of its own)"):
            check_target(path, replace=True)


def test_a_file_that_appears_meanwhile_is_kept_and_so_is_the_result(tmp_path):
    def attempt():
        with staged_file(tmp_path / "run.nc") as staged:
            staged.write_text("result")
            (tmp_path / "run.nc").write_text("of another program")

    with pytest.raises(InputError, match=r"made by another program meanwhile; it is in .*/run-2.nc"):
        attempt()
    assert (tmp_path / "run.nc").read_text() == "of another program"
    assert (tmp_path / "run-2.nc").read_text() == "result"
    assert everything(tmp_path) == ["run-2.nc", "run.nc"]


HOLD = """
import sys, time
from pathlib import Path
from nfa_theory.files import staged_file
with staged_file(sys.argv[1]) as staged:
    staged.write_text("half")
    print("staged", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_leaves_is_swept_and_what_a_living_one_uses_is_not(tmp_path):
    (tmp_path / ".mine-unfinished-abcdefgh").write_text("a file, and no folder of ours")
    (tmp_path / ".mine-unfinished-x").mkdir()
    processes = [
        subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / name)], stdout=subprocess.PIPE) for name in "ab"
    ]
    try:
        for process in processes:
            assert process.stdout.readline() == b"staged\n"
        assert len(everything(tmp_path)) == 6  # two folders with a file each
        with pytest.raises(InputError, match=r"must be written by one program, got '.*/b', which another is writing"):
            staged_file(tmp_path / "b").__enter__()
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait()
        write_atomically(tmp_path / "c", "")
        names = everything(tmp_path)
        assert [name.split("-")[0] for name in names if "-" in name and "mine" not in name] == [".b", ".b"]
        assert {".mine-unfinished-abcdefgh", ".mine-unfinished-x", "c"} <= set(names)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_full_disk_is_reported_with_the_path(tmp_path):
    """A limit on the size of files answers as a full disk does: without a path."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(InputError, match=r"the output must be writable, got '.*/a': File too large"):
            write_atomically(tmp_path / "a", bytes(1000))
        with (  # the path that was asked for, not where it is prepared
            pytest.raises(InputError, match=rf"must be writable, got '{tmp_path}/b': File too large"),
            staged_file(tmp_path / "b") as staged,
        ):
            write_atomically(staged, bytes(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert everything(tmp_path) == []
