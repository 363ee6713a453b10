"""An epoch of SGD against the plain PyTorch loop: the same network, the same batches, the same losses."""

import numpy as np
import torch
from simulator_timing import by_turns, report

from numerics import MLP, initial_parameters

N, BATCH, RATE = 10000, 128, 0.05
WIDTHS = (784, 256, 256, 256, 256, 256, 10)
NET = MLP(WIDTHS, parametrization="he")


def epoch(repeats):
    """Compare an epoch."""
    from numerics.batches import Batches
    from numerics.ensembles import stack
    from numerics.losses import find_loss
    from numerics.optimizers import Descent, Step
    from numerics.training_data import check_samples

    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, 784), dtype=np.float32)
    Y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, N)]
    order = rng.permutation(N)
    initial = initial_parameters(NET, 0, np.float32)
    samples = check_samples(X, Y, NET)

    def ours():
        """Train with this package."""
        # The loop of `simulate` without its measurements.
        batches = Batches(NET, samples, None, find_loss("mse_mean", samples.Y), [initial], 0.0)
        parameters, optimizer, total = stack([initial]), Descent(), 0.0
        for number, start in enumerate(range(0, N, BATCH), start=1):
            rows = order[None, start : start + BATCH]
            step = Step(number, [RATE] * (NET.depth + 1))
            total += float(
                optimizer.advance(lambda at, b=rows: batches.loss_and_gradients(at, b), parameters, [], step)[0]
            )
        return parameters, total

    def theirs():
        """Train with PyTorch."""
        layers = []
        for W in initial.weights:
            linear = torch.nn.Linear(W.shape[1], W.shape[0], bias=False)
            linear.weight.data = torch.from_numpy(W.copy())
            layers += [linear, torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        optimizer, loss = torch.optim.SGD(model.parameters(), lr=RATE), torch.nn.MSELoss()
        inputs, labels, total = torch.from_numpy(X), torch.from_numpy(Y), 0.0
        for start in range(0, N, BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad()
            value = loss(model(inputs[rows]), labels[rows])
            value.backward()
            optimizer.step()
            total += value.item()
        return model, total

    (parameters, ours_total), (model, their_total) = ours(), theirs()
    gap = max(
        float(np.abs(W[0] - one.weight.detach().numpy()).max())
        for W, one in zip(parameters.weights, model[::2], strict=True)
    )
    seconds = by_turns({"PyTorch loop": theirs, "this package": ours}, repeats)
    report(f"an epoch of SGD: n = {N}, batch {BATCH}, widths {WIDTHS}", seconds, "PyTorch loop", ">= 1.6x")
    print(f"sum of losses {ours_total:.6f} and {their_total:.6f}; largest difference of a weight after it {gap:.1e}")
