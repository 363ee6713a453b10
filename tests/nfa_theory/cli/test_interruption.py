"""Ctrl-C, pipes and terminals: what only a process of its own shows."""

import os
import pty
import signal
import subprocess
import sys
import time

import pytest

LONG = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell inherits it ignored
from dataclasses import replace
import nfa_theory.reproduce as r
import nfa_theory.reproduce.run as run
from nfa_theory.cli import main
run.write_records = run.write_report = lambda *_, **__: []  # slow, and tested elsewhere
tiny = dict(training_steps={steps}, width=8, widths=(16, 32, 64), fitted_from=16, initializations=2)
tiny["claims"] = ("identities.factorization",)
r.PLANS["quick"] = replace(r.PLANS["quick"], **tiny)
sys.exit(main(["reproduce", "--quick", "--out", sys.argv[1]]))
"""


def start(steps, out, **streams):
    return subprocess.Popen([sys.executable, "-c", LONG.format(steps=steps), str(out)], **streams)


@pytest.mark.parametrize("existing", [True, False])
def test_ctrl_c_says_so_in_one_line_and_leaves_nothing(tmp_path, existing):
    out = tmp_path / "results"
    if existing:
        out.mkdir()
        (out / "mine").write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    process = start(10**6, out, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while sorted(tmp_path.rglob("*")) == before:  # until the staging folder is there
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    try:
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()  # it would train on for hours
    assert process.returncode == 130
    assert output == ""
    assert errors == f"nfa: interrupted; nothing was written to {out}\n"
    assert sorted(tmp_path.rglob("*")) == before


FOREVER = """
import signal
import sys
import time
signal.signal(signal.SIGINT, signal.default_int_handler)
import nfa_theory.predict
from nfa_theory.cli import main
def wait(*_, **__):
    print("predicting", flush=True)
    time.sleep(60)
nfa_theory.predict.predict_alignment = wait
sys.exit(main(["predict", "fashion_mnist_subset"]))
"""


def test_ctrl_c_is_answered_by_commands_that_write_nothing():
    command = [sys.executable, "-c", FOREVER]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "predicting\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (130, "", "nfa: interrupted\n")


def test_a_terminal_shows_progress_with_the_time_left(tmp_path):
    controller, terminal = pty.openpty()
    process = start(60, tmp_path / "results", stdout=subprocess.PIPE, stderr=terminal, text=True)
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(controller, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    output, _ = process.communicate(timeout=60)
    os.close(controller)
    assert process.returncode in (0, 1)
    assert b"training networks" in shown
    assert b"left" in shown
    assert "Early C-NFA" in output
    assert "\x1b[" not in output


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -c 'import sys; from nfa_theory.cli import main; sys.exit(main())' data --json | true"
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert result.stderr == ""
