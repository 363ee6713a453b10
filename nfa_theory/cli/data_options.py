"""From the options of a command to data and a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerics.errors import InputError, unknown

if TYPE_CHECKING:
    from numerics import MLP
    from numerics.data import DataSet


@dataclass(frozen=True)
class Chosen:
    """The data of a command, as they are stored, and how its functions are to take them.

    Parameters
    ----------
    data : DataSet
        The data.
    options : dict
        Options `classes`, `standardize` and `center_labels` of `predict_alignment`, `predict_course` and `simulate`.
    files : tuple of str
        The files that were read, which no output may replace.
    loss : str
        For which they are.
    """

    data: DataSet
    options: dict[str, Any]
    files: tuple[str, ...] = ()
    loss: str = "mse"

    def network(self, hidden: str, **settings: Any) -> MLP:
        """Build the network that fits the data."""
        from numerics import MLP
        from numerics.data.classes import are_classes, find_classes

        as_classes = self.options.get("classes")
        if as_classes is None:
            as_classes = are_classes(self.data.Y, self.loss)
        outputs = len(find_classes("Y", self.data.Y).values) if as_classes else self.data.Y.shape[1]
        return MLP((self.data.X.shape[1], *read_widths(hidden), outputs), **settings)


def choose_data(
    name: str,
    *,
    labels: str | None = None,
    x_key: str | None = None,
    y_key: str | None = None,
    samples: int | None = None,
    loss: str = "mse",
    classes: bool | None = None,
    standardize: str | None = None,
    center_labels: bool | None = None,
) -> Chosen:
    """Load a named data set, or read files."""
    from numerics.data import load_dataset, read_data
    from numerics.data.prepare import check_standardization

    if samples is not None and samples < 2:
        raise InputError(f"--samples must be at least 2, got {samples}")
    plain = loss != "cross_entropy" if center_labels is None else center_labels
    if not is_file(name):
        given = {"--labels": labels, "--x-key": x_key, "--y-key": y_key}
        if wrong := [flag for flag, value in given.items() if value is not None]:
            raise InputError(f"{wrong[0]} is for files, got the named data set {name!r}")
        own = standardize not in ("columns", "pixels")  # those are for any inputs, the others for images
        how = (standardize or "channel") if own else "none"
        loaded = load_dataset(name, train=samples, standardize=how, center_labels=plain)
        options: dict[str, Any] = {} if plain else {"center_labels": False}
        return Chosen(loaded, options if own else {**options, "standardize": standardize})
    check_standardization(standardize)
    loaded = read_data(name, labels, x_key=x_key, y_key=y_key, center_labels=None if plain else False)
    if samples is not None:
        loaded = loaded.some(samples)
    options = {"classes": classes, "standardize": standardize, "center_labels": center_labels}
    if loaded.class_names is not None:  # of text, which the reader has made classes of
        options["classes"] = None
        options["center_labels"] = None if plain else False
    return Chosen(loaded, options, (name, *([] if labels is None else [labels])), loss)


def is_file(name: str) -> bool:
    """Tell files from named data sets; what looks like neither is refused."""
    from numerics.data import DATASET_NAMES, SYNTHETIC_NAMES

    if name in DATASET_NAMES or name in SYNTHETIC_NAMES:
        return False
    if Path(name).exists():
        return True
    if Path(name).suffix or "/" in name or "\\" in name:
        raise InputError(f"{name}: expected a file with X and Y or the name of a data set, got no such file")
    raise InputError(f"{unknown('data set', name, DATASET_NAMES)} (no file has this name either)")


def read_widths(text: str) -> tuple[int, ...]:
    """Read the widths of the hidden layers.

    Examples
    --------
    >>> read_widths("256, 128")
    (256, 128)
    """
    try:
        widths = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise InputError(f"hidden widths must be positive integers with commas between, got {text!r}") from None
    if min(widths) < 1:
        raise InputError(f"hidden widths must be positive integers, got {min(widths)}")
    return widths
