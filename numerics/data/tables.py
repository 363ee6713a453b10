"""Tables: text with commas, semicolons, tabs or spaces between numbers, and parquet, read by pandas."""

from __future__ import annotations

import gzip
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.data.notes import note
from numerics.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

LABEL_COLUMNS = ("y", "label", "labels", "target", "targets", "class", "classes")
"""A column of such a name holds the labels, whatever the case of its letters."""
_INDEX_COLUMNS = ("", "id", "index", "unnamed: 0")
_NUMBER = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?|nan|[-+]?inf", re.IGNORECASE)


def read_text(path: Path) -> pd.DataFrame:
    """Read a table from text."""
    import pandas as pd

    line = _first_line(path)
    separator = max(",;\t|", key=line.count)
    if separator not in line:
        separator = r"\s+"
    fields = [
        field.strip().strip("\"'")
        for field in re.split(re.escape(separator) if len(separator) == 1 else separator, line.strip())
    ]
    if (
        not line.strip()
        or line.lstrip()[0] in "{[<@"
        or any(re.fullmatch(r"\d+:[-+.\deE]+", field) for field in fields)
    ):
        raise InputError(
            f"{path}: expected a table of numbers, got a text of another kind; numpy.savez writes one that is known"
        )
    try:
        frame = pd.read_csv(
            path,
            sep=separator,
            header=0 if _is_header(fields) else None,
            names=_names_in_comment(path, separator, len(fields)),
            comment="#",
            decimal="," if separator == ";" and re.search(r"\d,\d", _second_line(path)) else ".",
            skipinitialspace=True,
            encoding="utf-8-sig",
        )
    except (ValueError, OSError) as error:  # the parser's own errors are ValueErrors
        raise InputError(f"{path}: expected a table, as pandas.read_csv reads it, got {_one_line(error)}") from None
    if frame.empty:
        raise InputError(f"{path}: expected rows of numbers, got a table without rows")
    return frame


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a table from a parquet file."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError:
        raise InputError(f"{path}: reading parquet needs pyarrow; pip install pyarrow installs it") from None
    except Exception as error:  # pyarrow raises whatever it pleases on damaged files
        raise InputError(f"{path}: expected intact parquet data, got {_one_line(error)}") from None


def split_table(
    path: Path, frame: pd.DataFrame, x_key: str | None, y_key: str | None, *, labels: bool
) -> dict[str, Any]:
    """Split a table into inputs and labels, or only take the inputs."""
    frame = _without_index(path, frame)
    chosen = [] if labels and y_key is None else _label_columns(path, frame, y_key)
    if x_key is not None:
        inputs = _columns(path, frame, x_key)
    else:
        inputs = [column for column in frame.columns if column not in chosen]
    if not inputs:
        raise InputError(f"{path}: expected a column of labels and others of inputs, got {len(frame.columns)} columns")
    found = {"X": frame[inputs]}
    if chosen:
        found["Y"] = frame[chosen[0]] if len(chosen) == 1 else frame[chosen]
    return found


def _label_columns(path: Path, frame: pd.DataFrame, y_key: str | None) -> list[Any]:
    if y_key is not None:
        return _columns(path, frame, y_key)
    named = [column for column in frame.columns if str(column).strip().lower() in LABEL_COLUMNS]
    column = named[0] if named else frame.columns[-1]
    if not named and len(frame.columns) > 1:
        note(f"{path}: the labels are taken from the last column, {str(column)!r}; --y-key (y_key=) chooses another")
    return [column]


def _columns(path: Path, frame: pd.DataFrame, keys: str) -> list[Any]:
    known = {str(column): column for column in frame.columns}
    wanted = [keys] if keys in known else [key.strip() for key in keys.split(",")]
    for key in wanted:
        if key not in known:
            shown = ", ".join([*known][:10]) + (", ..." if len(known) > 10 else "")
            raise InputError(f"{path}: expected a column {key!r}, got {shown}")
    return [known[key] for key in wanted]


def _without_index(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out a first column that only counts the rows."""
    first = frame.columns[0]
    if (
        str(first).strip().lower() not in _INDEX_COLUMNS
        or frame[first].dtype.kind not in "iu"
        or len(frame.columns) < 2
    ):
        return frame
    values = frame[first].to_numpy()
    if values[0] not in (0, 1) or not np.array_equal(values, np.arange(len(values)) + values[0]):
        return frame
    note(f"{path}: column {str(first)!r} counts the rows and is left out")
    return frame.drop(columns=first)


def _is_header(fields: list[str]) -> bool:
    """Tell names of columns from numbers; pandas names columns 0, 1, 2, ... if nobody does."""
    if len(fields) > 2 and fields[-2:] == [str(len(fields) - 2), str(len(fields) - 1)] and fields[0] in ("0", ""):
        return True
    if fields[0] == "" and len(fields) > 2:
        return True
    return not any(_NUMBER.fullmatch(field) for field in fields)


def _names_in_comment(path: Path, separator: str, columns: int) -> list[str] | None:
    """Find the names of columns that numpy.savetxt writes as a comment before the numbers."""
    comments = []
    for line in _text(path):
        if not line.startswith("#"):
            break
        comments.append(line.lstrip("# ").strip())
    names = re.split(separator if len(separator) > 1 else re.escape(separator), comments[-1]) if comments else []
    names = [name.strip() for name in names]
    return names if len(names) == columns and len(set(names)) == columns else None


def _first_line(path: Path) -> str:
    return _lines(path, 1)


def _second_line(path: Path) -> str:
    return _lines(path, 2)


def _lines(path: Path, number: int) -> str:
    """Return a line of a text, not counting comments and empty ones."""
    lines = (line for line in _text(path) if line.strip() and not line.startswith("#"))
    return next(itertools.islice(lines, number - 1, None), "").rstrip("\r\n")


def _text(path: Path) -> Iterator[str]:
    opening: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opening(path, "rt", encoding="utf-8-sig") as stream:
            yield from stream
    except (UnicodeError, OSError, EOFError):
        raise InputError(
            f"{path}: expected .npz, .npy, netCDF, zarr, parquet, or a table in UTF-8, got another format; "
            "numpy.savez(path, X=X, Y=Y) writes one that is known"
        ) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
