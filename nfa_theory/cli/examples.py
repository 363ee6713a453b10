"""Worked examples: shown at the end of each ``--help``, and each of them is run by the tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

EXAMPLES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "": (
        ("Every claim judged, and the ansatz on real images (minutes)", "nfa reproduce --quick"),
        ("Predict the alignment of your network on your data", "nfa predict mine.npz --hidden 256,256"),
        ("Watch it while a network trains", "nfa simulate fashion_mnist_subset --steps 50 --out run.nc"),
        ("Draw what was measured", "nfa figures run.nc --out figures"),
        ("Read why it happens", "nfa derive early.centered_features"),
    ),
    "reproduce": (
        ("The short version, into nfa-results", "nfa reproduce --quick"),
        ("One claim alone", "nfa reproduce --only identities.factorization --out one --single-file"),
        ("Other random numbers, and the results for a program", "nfa reproduce --quick --seed 1 --out again --json"),
    ),
    "predict": (
        ("Images that ship with the package", "nfa predict fashion_mnist_subset --hidden 256,256 --samples 100"),
        ("Your own arrays X (n, d) and Y (n, c)", "nfa predict mine.npz --hidden 256 --activation erf"),
        ("A table whose column kind holds classes", "nfa predict table.csv --y-key kind --hidden 64"),
        ("A figure for a paper", "nfa predict mine.npz --hidden 64,64 --figure predicted.pdf"),
        ("The limit alone, for a program", "nfa predict mine.npz --networks 0 --json"),
        ("The first step of Muon", "nfa predict mine.npz --hidden 64 --optimizer muon"),
        ("The course in time", "nfa predict mine.npz --hidden 64 --activation erf --times 0,0.5,2"),
        (
            "All of training in the feature-learning limit",
            "nfa predict mine.npz --hidden 64 --parametrization mup --regime mup --times 0,2,20",
        ),
    ),
    "predict-online": (
        ("A network that learns from a teacher", "nfa predict-online teacher.npz --learning-rate 1.5 --times 0,1,5"),
        (
            "In batches, with noisy labels, for a program",
            "nfa predict-online teacher.npz --learning-rate 1 --times 2 --batch-size 4 --label-noise 0.3 --json",
        ),
    ),
    "simulate": (
        ("Train and measure every epoch", "nfa simulate fashion_mnist_subset --steps 50 --out run.nc"),
        ("Four seeds, for bands", "nfa simulate mine.npz --hidden 64,64 --steps 100 --seeds 4 --out bands.nc"),
        (
            "A run that can be stopped, gone on with and extended",
            "nfa simulate mine.npz --hidden 64 --steps 50 --checkpoint state.npz --out long.nc",
        ),
        (
            "Favor the second layer",
            "nfa simulate mine.npz --optimizer slo:2 --learning-rate 0.01 --steps 50 --out slo.nc",
        ),
    ),
    "sweep": (
        ("Check a plan, and how long it takes", "nfa sweep plan.toml --estimate"),
        ("Every run of it, in one process", "nfa sweep plan.toml --workers 1"),
        ("How far it is", "nfa sweep status finished.zarr"),
        ("Lines with bands, and a map", "nfa sweep figures finished.zarr --out sweep-figures"),
    ),
    "experiment": (
        ("All experiments and their claims", "nfa experiment --list"),
        ("One of them at a small size", "nfa experiment batch_size --quick --out batches"),
        ("On other data, with more seeds", "nfa experiment through_training --quick --samples 200 --seeds 4 --out t"),
    ),
    "figures": (("Every figure of a record", "nfa figures run.nc --out figures"),),
    "data": (("Names and licenses", "nfa data"), ("For a program", "nfa data --json")),
    "list": (
        ("All claims", "nfa list"),
        ("Those of a chapter", "nfa list linear"),
        ("For a program", "nfa list --json"),
    ),
    "derive": (
        ("Read one argument", "nfa derive early.centered_features"),
        ("For a paper", "nfa derive early.centered_features --format latex"),
        ("Everything in one document", "nfa derive --all --format latex > theory.tex"),
    ),
    "verify": (
        ("One claim against simulation", "nfa verify identities.fact"),
        ("Every claim, five minutes on two cores", "nfa verify --out results.json"),
        ("One of them again, with the same seed", "nfa verify --from results.json --only identities.fact"),
        ("Would the checks notice a wrong claim?", "nfa verify identities.fact --refute"),
    ),
    "doctor": (("What to put into a bug report", "nfa doctor"), ("For a program", "nfa doctor --json")),
}
"""What a newcomer may want and the line to type, by command; those of no command belong to `nfa` itself."""


def as_epilog(examples: Sequence[tuple[str, str]]) -> str:
    """Write examples for the end of a help page."""
    lines = [f"[dim]# {reason}[/dim]\n{command}" for reason, command in examples]
    return "\n".join(["[bold]Examples[/bold]", *lines])
