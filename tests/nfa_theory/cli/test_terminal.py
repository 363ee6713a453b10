"""What a shell and a terminal get: names after Tab, colors where they can be seen and are wanted."""

import os
import pty
import re
import subprocess
import sys

import pytest

CALL = "import sys; from nfa_theory.cli import main; sys.exit(main())"
COLOR = re.compile(rb"\x1b\[[0-9;]*3[0-9]m")


def completions(line):
    words = f"{line}|".split()
    environment = {
        **os.environ,
        "_NFA_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    command = [sys.executable, "-c", CALL]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return result.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("nfa pred", ["predict", "predict-online"]),
        ("nfa derive early.c", ["early.centered_features", "early.crossover"]),
        ("nfa predict fash", ["fashion_mnist_subset", "fashion_mnist"]),
        ("nfa predict mnist --activation quad", ["quadratic"]),
        ("nfa predict mnist --parametrization mu", ["mup"]),
    ],
)
def test_the_shell_completes_names(line, offered):
    assert completions(line) == offered


def on_a_terminal(*arguments, **environment):
    controller, terminal = pty.openpty()
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", CALL, *arguments],
        stdout=terminal,
        stderr=terminal,
        env={**plain, "TERM": "xterm-256color", **environment},
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            shown += os.read(controller, 4096)
        except OSError:  # the other end is closed
            break
    os.close(controller)
    return process.wait(60), shown


def test_help_is_in_color_on_a_terminal_unless_that_is_not_wanted():
    status, shown = on_a_terminal("--help")
    assert status == 0
    assert COLOR.search(shown)
    status, shown = on_a_terminal("--help", NO_COLOR="1")
    assert status == 0
    assert b"reproduce" in shown
    assert not COLOR.search(shown)


def test_an_error_is_one_line_on_a_terminal_too():
    status, shown = on_a_terminal("predict", "nothing.npz")
    assert status == 2
    assert shown.count(b"\n") == 1
    assert b"Traceback" not in shown
