"""What linear and quadratic networks see of the data: second moments, given, measured, or of a description."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nfa_theory.predict.kernels.blocks import row_blocks
from nfa_theory.predict.problem.checks import check_labels_vary, rows_of
from nfa_theory.predict.problem.polynomial_teacher import PolynomialTeacher
from numerics import InputError
from numerics.data.prepare import prepare_quietly

ROUNDING = 1e-8
"""What is smaller than this share of the largest number counts as zero."""
_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class DataStatistics:
    """Second moments of the data about zero (no mean is subtracted).

    Parameters
    ----------
    input_covariance : array_like (d, d)
        ``Sigma_xx = E[x x^T]``: symmetric, positive semi-definite.
    label_covariance : array_like (c, d), optional
        ``Sigma_yx = E[y x^T]``: what a linear network learns from.
    label_weighted_moment : array_like (c, d, d) or (d, d), optional
        ``A_i = E[y_i x x^T]``: what a quadratic network learns from.
    gaussian : bool
        Whether the inputs are Gaussian, so that their fourth moments are known too.

    Raises
    ------
    InputError
        A shape does not fit, a number is not finite, a matrix is not symmetric or a covariance indefinite, labels are
        given neither way, are zero, or vary where the inputs do not.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 3))
    >>> DataStatistics.from_samples(X, X[:, :1]).label_covariance.shape
    (1, 3)
    """

    input_covariance: Any
    label_covariance: Any = None
    label_weighted_moment: Any = None
    gaussian: bool = False

    def __post_init__(self) -> None:
        Sigma = _array("input_covariance", self.input_covariance, 2)
        d = len(Sigma)
        _check_covariance(Sigma)
        projector = _range_projector(Sigma)
        if self.label_covariance is None and self.label_weighted_moment is None:
            raise InputError("statistics need label_covariance or label_weighted_moment, got neither")
        fields = {"input_covariance": Sigma}
        if self.label_covariance is not None:
            fields["label_covariance"] = cov = _array("label_covariance", self.label_covariance, 2)
            _check_shape("label_covariance", cov, (len(cov), d))
            _check_labels("label_covariance", cov, cov @ projector)
        if self.label_weighted_moment is not None:
            fields["label_weighted_moment"] = A = _array("label_weighted_moment", self.label_weighted_moment, 3)
            _check_shape("label_weighted_moment", A, (len(A), d, d))
            _check_symmetric("label_weighted_moment", A)
            _check_labels("label_weighted_moment", A, projector @ A @ projector)
        if len({len(fields[name]) for name in list(fields)[1:]}) > 1:
            counts = " and ".join(str(len(fields[name])) for name in list(fields)[1:])
            raise InputError(f"label_covariance and label_weighted_moment must have as many outputs, got {counts}")
        for name, values in fields.items():
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return len(self.input_covariance)

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        given = self.label_covariance if self.label_covariance is not None else self.label_weighted_moment
        return len(given)

    @classmethod
    def from_samples(cls, X: Any, Y: Any, *, quadratic: bool = False) -> "DataStatistics":
        """Measure second moments, a few samples at a time.

        Parameters
        ----------
        X, Y : array_like, (n, d) and (n, c) or (n,)
            Inputs, which may stay on disk, and labels, which are numbers.
        quadratic : bool
            Whether to measure the label-weighted moment instead of the label covariance.

        Returns
        -------
        DataStatistics
        """
        data = prepare_quietly(X, Y, classes=False)
        X, Y = rows_of(data.X), np.asarray(data.Y, dtype=np.float64)
        if len(X) < 2:
            raise InputError(f"X must have at least 2 samples, got {len(X)}")
        check_labels_vary(Y)
        (n, d), c = X.shape, Y.shape[1]
        Sigma, labels = np.zeros((d, d)), np.zeros((c, d, d) if quadratic else (c, d))
        for rows in row_blocks(n, _BLOCK):
            x = X[rows].astype(np.float64)
            Sigma += x.T @ x
            labels += [x.T @ (y[:, None] * x) for y in Y[rows].T] if quadratic else Y[rows].T @ x
        largest = abs(Y).max() * (Sigma.trace() if quadratic else np.sqrt(n * Sigma.trace()))
        if abs(labels).max() <= n * np.finfo(np.float64).eps * largest:  # labels that cancel leave rounding
            labels[:] = 0
        return cls(Sigma / n, **{"label_weighted_moment" if quadratic else "label_covariance": labels / n})

    @classmethod
    def of_gaussian(cls, covariance: Any, teacher: PolynomialTeacher) -> "DataStatistics":
        """Average over a description, with no data at all.

        Parameters
        ----------
        covariance : array_like (d, d)
            Of the inputs, ``x ~ N(0, covariance)``.
        teacher : PolynomialTeacher
            The labels.

        Returns
        -------
        DataStatistics
            ``E[y x^T] = E[grad y] Sigma`` and ``E[y x x^T] = E[y] Sigma + Sigma E[grad grad y] Sigma`` (derivation
            ``data.gaussian_labels``); a moment that vanishes is left out.
        """
        Sigma = _array("covariance", covariance, 2)
        _check_covariance(Sigma)
        teacher.check_inputs(len(Sigma))
        linear = teacher.mean_gradient(Sigma) @ Sigma
        weighted = teacher.mean(Sigma)[:, None, None] * Sigma + Sigma @ teacher.mean_hessian(Sigma) @ Sigma
        seen = {"label_covariance": linear, "label_weighted_moment": weighted}
        seen = {name: each for name, each in seen.items() if abs(each).max() > 0}
        if not seen:
            raise InputError(
                "the teacher must correlate with the inputs or their products (else linear and quadratic networks do "
                "not move), got a teacher with vanishing second moments"
            )
        return cls(Sigma, **seen, gaussian=True)


def _array(name: str, values: Any, axes: int) -> Any:
    array = np.asarray(values)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool) or np.iscomplexobj(array):
        raise InputError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if axes == 3 and array.ndim == 2:
        array = array[None]
    if array.ndim != axes or not array.size:
        raise InputError(f"{name} must have {axes} axes, got shape {array.shape}")
    array = array.astype(np.float64)
    wrong = array.size - int(np.isfinite(array).sum())
    if wrong:
        raise InputError(f"{name} must be finite, got {wrong} values that are not")
    return array


def _check_shape(name: str, array: Any, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise InputError(f"{name} must have shape {shape}, got {array.shape}")


def _check_symmetric(name: str, array: Any) -> None:
    skew = abs(array - array.swapaxes(-1, -2)).max()
    if skew > ROUNDING * abs(array).max():
        raise InputError(f"{name} must be symmetric, got entries that differ by {skew:.3g} from their mirror images")


def _check_covariance(Sigma: Any) -> None:
    _check_shape("input_covariance", Sigma, (len(Sigma), len(Sigma)))
    _check_symmetric("input_covariance", Sigma)
    spectrum = np.linalg.eigvalsh(Sigma)
    if spectrum[0] < -ROUNDING * abs(spectrum).max():
        raise InputError(f"input_covariance must have no negative eigenvalue, got {spectrum[0]:.3g}")
    if not spectrum[-1] > 0:
        raise InputError("input_covariance must not be zero: the alignment is undefined")


def _range_projector(Sigma: Any) -> Any:
    values, vectors = np.linalg.eigh(Sigma)
    kept = vectors[:, values > ROUNDING * values[-1]]
    return kept @ kept.T


def _check_labels(name: str, labels: Any, seen: Any) -> None:
    largest = abs(labels).max()
    if not largest > 0:
        raise InputError(f"{name} must not be zero (the network does not move and its alignment is undefined)")
    outside = abs(labels - seen).max()
    if outside > np.sqrt(ROUNDING) * largest:
        raise InputError(
            f"{name} must vanish in the directions in which the inputs do not vary, got entries of {outside:.3g} there"
        )
