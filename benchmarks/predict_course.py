"""How long predicted courses hold, on Fashion-MNIST images: errors against gradient flow around the trusted time.

    python benchmarks/predict_course.py [samples [networks [width]]]

Each network starts from weights that the prediction is given, so that the difference to its gradient flow, integrated
by numerics, is the error of the prediction and nothing else. Errors are shares of the tolerance of 0.01, the mean and
the greatest over networks, hidden layers and both alignments, each at the trusted time of its own.
"""

import sys
from time import perf_counter

import numpy as np

import nfa_theory as nfa
from numerics.optimizers import GradientFlow

SHARES = np.array([0.25, 0.5, 1.0, 2.0])


def errors(X, Y, net, weights, flow):
    """Return trusted times (2 depth,), and errors over the tolerance at the shares of these: (shares, 2 depth)."""
    start = nfa.predict_course(X, Y, net, [0.0], initial_weights=weights)
    until = np.concatenate([start.c_nfa.trusted_time, start.uc_nfa.trusted_time])
    times = np.unique(np.outer(SHARES, until))
    course = nfa.predict_course(X, Y, net, times, initial_weights=weights)
    lengths = np.diff([0.0, *times])
    record = nfa.simulate(
        X, Y, net, steps=len(times), learning_rate=lengths, optimizer=flow, measure=1, initial_weights=weights
    )
    found = np.concatenate([record.c_nfa.values[0, 1:], record.uc_nfa.values[0, 1:]], axis=1)
    wrong = abs(np.concatenate([course.c_nfa.mean, course.uc_nfa.mean], axis=1) - found) / course.tolerance
    at = np.searchsorted(times, np.outer(SHARES, until) * (1 - 1e-12))
    return until, np.take_along_axis(wrong, at, axis=0)


def main():
    """Print one row for each activation, and the time of a prediction beside one simulated run."""
    samples, networks, width = (int(each) for each in (*sys.argv[1:], *("60", "6", "64")[len(sys.argv) - 1 :]))
    data = nfa.load_dataset("fashion_mnist_subset", train=samples)
    X, Y = data.X.astype(np.float64), data.Y.astype(np.float64)
    print(f"error / tolerance at shares {SHARES.tolist()} of the trusted time: mean (greatest)")
    for activation in ("erf", "tanh", "gelu", "silu", "quadratic", "relu"):
        net, begin = nfa.MLP((784, width, width, 10), activation, zero_initial_function=True), perf_counter()
        kinked = activation == "relu"
        flow = GradientFlow(method="RK45", rtol=1e-3, atol=1e-5) if kinked else GradientFlow(rtol=1e-7, atol=1e-9)
        runs = [errors(X, Y, net, nfa.initial_parameters(net, seed), flow) for seed in range(networks)]
        until, wrong = np.array([run[0] for run in runs]), np.array([run[1] for run in runs])
        shown = "  ".join(f"{each.mean():5.2f} ({each.max():5.2f})" for each in wrong.transpose(1, 0, 2))
        print(
            f"{activation:10} trusted {until.min():.3g} to {until.max():.3g}: {shown}   {perf_counter() - begin:.0f} s"
        )


if __name__ == "__main__":
    main()
