"""Plain SGD at its best learning rate: what SLO is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from numerics.errors import DivergenceError


def settings_of(record: xr.Dataset, favored: Sequence[int], rates: Sequence[float]) -> xr.Dataset:
    """Say of every optimizer which layer it favors and how fast it is.

    Parameters
    ----------
    record : xarray.Dataset
        With the dimension ``optimizer``.
    favored : sequence of int
        The layer that SLO favors; 0 for plain SGD.
    rates : sequence of float
        Learning rate at the start.

    Returns
    -------
    xarray.Dataset
        With the coordinates ``favored`` and ``rate``.

    Raises
    ------
    DivergenceError
        If no rate of plain SGD is left: all diverged.
    """
    if all(favored):
        raise DivergenceError("plain SGD must not diverge at all rates, or there is nothing to compare with")
    return record.assign_coords(favored=("optimizer", list(favored)), rate=("optimizer", list(rates)))


def best_rate(record: xr.Dataset, merit: xr.DataArray) -> str:
    """Return the name of plain SGD at the rate that is best on average over seeds.

    The same seeds choose the rate and are compared with SLO afterwards; that favors SGD, never SLO.

    Parameters
    ----------
    record : xarray.Dataset
        With the coordinate ``favored``.
    merit : xarray.DataArray
        The larger the better; dims (optimizer, seed).

    Returns
    -------
    str
    """
    means = merit.mean("seed")
    plain = means.where(means.favored == 0, drop=True)
    return str(plain.optimizer.values[int(plain.values.argmax())])
