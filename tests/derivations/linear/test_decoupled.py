"""Exact solution for a decoupled start, against integration of the flow on samples, at early and at late times."""

import numpy as np
import pytest
from linear_flow import cosine, nfm_and_agop, trained

from derivations.errors import DerivationError
from derivations.linear.decoupled import alignments_at

TIMES = np.array([0.05, 0.4, 1.5, 6.0])
S = np.array([1.6, 0.9, 0.4, 0.0])
U0 = np.array([0.02, 0.3, 0.05, 0.2])
VARIANCES = [np.ones(4), np.array([0.5, 1.0, 2.0, 1.3])]


def decoupled(variances, seed=1):
    """Samples with the wanted covariances, and weights along their singular vectors."""
    rng = np.random.default_rng(seed)
    V, U, R, Q = (np.linalg.qr(rng.standard_normal((size, 4)))[0] for size in (5, 4, 6, 9))
    X = 3 * Q * np.sqrt(variances) @ V.T
    Y = 3 * Q / np.sqrt(variances) * S @ U.T
    return [R * np.sqrt(U0) @ V.T, U * np.sqrt(U0) @ R.T], X, Y


def measured(variances):
    weights, X, Y = decoupled(variances)
    for moved in trained(weights, X, Y, TIMES):
        strengths = np.linalg.svd(moved[1] @ moved[0], compute_uv=False)[:4]
        centered = nfm_and_agop(moved[0] - weights[0], moved, 1)
        yield np.sort(strengths), cosine(*nfm_and_agop(moved[0], moved, 1)), cosine(*centered)


def test_strengths_may_be_whole_numbers():
    signals, whole = np.array([3, 1, 0]), np.array([2, 1, 1])
    claimed, as_reals = alignments_at(signals, whole, 0.3), alignments_at(1.0 * signals, 1.0 * whole, 0.3)
    np.testing.assert_array_equal(claimed["u"], as_reals["u"])
    assert (claimed["UC-NFA"], claimed["C-NFA"]) == (as_reals["UC-NFA"], as_reals["C-NFA"])


@pytest.mark.parametrize("variances", VARIANCES)
def test_strengths_and_alignments_at_all_times(variances):
    for time, (strengths, uc_nfa, c_nfa) in zip(TIMES, measured(variances), strict=True):
        claimed = alignments_at(S, U0, time, variances)
        np.testing.assert_allclose(np.sort(claimed["u"]), strengths, rtol=1e-9, atol=1e-12)
        assert claimed["UC-NFA"] == pytest.approx(uc_nfa, rel=1e-10)
        assert claimed["C-NFA"] == pytest.approx(c_nfa, rel=1e-9)


def test_a_clock_wrong_by_two_percent_is_refused():
    for time, (strengths, uc_nfa, c_nfa) in zip(TIMES[:3], list(measured(VARIANCES[1]))[:3], strict=True):
        claimed = alignments_at(S, U0, 1.02 * time, VARIANCES[1])
        assert not np.allclose(np.sort(claimed["u"]), strengths, rtol=1e-4)
        assert claimed["UC-NFA"] != pytest.approx(uc_nfa, rel=1e-5)
        assert claimed["C-NFA"] != pytest.approx(c_nfa, rel=1e-5)


def test_the_alignment_at_time_zero_is_the_limit():
    early = [alignments_at(S, U0, time)["C-NFA"] for time in (0, 1e-5, 2e-5)]
    assert early[1] == pytest.approx(early[0], rel=1e-4)
    assert (early[2] - early[0]) / (early[1] - early[0]) == pytest.approx(2, rel=1e-2)


def test_bad_shapes_are_refused():
    with pytest.raises(DerivationError, match=r"s and u0 must be vectors of one length, got shapes \(4,\) and \(3,\)"):
        alignments_at(S, U0[:3], 1.0)
