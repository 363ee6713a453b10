"""The commands, put together."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

import typer

from nfa_theory.cli import commands
from nfa_theory.cli.examples import EXAMPLES, as_epilog
from nfa_theory.cli.outcomes import interruptible
from numerics.backend.version import package_version

app = typer.Typer(
    name="nfa",
    help=(
        "Predict, measure and check how neural networks learn features (the neural feature ansatz).\n\n"
        "DATA is a .npz file with arrays X (one sample a row) and Y, or a name from `nfa data`; results go only where "
        "--out says. Exit status: 0 all is well, 1 a claim was refuted or a check crashed, 2 bad input, explained in "
        "one line. Colors and progress appear only on a terminal; NO_COLOR=1 turns colors off there too."
    ),
    epilog=as_epilog(EXAMPLES[""]),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nfa-theory {package_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", metavar="", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    del version  # its callback has done the work


def _interruptible(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let every command answer Ctrl-C by one line, whether or not it says what was not written."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        with interruptible():
            return command(*arguments, **options)

    return run


for name, command in commands.COMMANDS.items():
    app.command(name, epilog=as_epilog(EXAMPLES[name]))(_interruptible(command))
