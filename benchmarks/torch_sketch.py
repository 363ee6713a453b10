"""Measure how good a probe of 256 samples and two random combinations of the outputs is, and what it costs.

A small convolutional network learns the shipped images; its alignments over all images and outputs are compared with
those of many sketches, each of 256 images drawn with replacement, so that they are a choice from the population that
the full data are. Run with OMP_NUM_THREADS=1. The page "your own network" shows the numbers.
"""

import argparse
import copy
import time

import numpy as np
import torch
from torch import nn

import nfa_theory as nfa
from nfa_theory.torch import measure

SAMPLES, COMBINATIONS = 256, 2


def network():
    """Three convolutions and a readout."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


def train(model, x, y, epochs, rate=0.05, batch=128):
    """Train by SGD with momentum; return the processor time of an epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    start = time.process_time()
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return (time.process_time() - start) / max(epochs, 1)


def coverage(model, initial, x, draws):
    """Return by layer and alignment the shares of draws within .01 and within two standard errors."""
    layers = [name for name, part in model.named_modules() if isinstance(part, nn.Conv2d)]
    full = measure(model, x, initial, layers=layers, combinations="all")
    near, covered = [], []
    for seed in range(draws):
        rows = torch.as_tensor(np.random.default_rng([7, seed]).integers(0, len(x), SAMPLES))
        sketch = measure(model, x[rows], initial, layers=layers, combinations=COMBINATIONS, seed=seed)
        off = [np.abs((sketch[name] - full[name]).values) for name in ("uc_nfa", "c_nfa")]
        errors = [sketch[f"{name}_standard_error"].values for name in ("uc_nfa", "c_nfa")]
        near.append(np.stack(off) < 0.01)
        covered.append(np.stack(off) < 2 * np.stack(errors))
    return full, np.mean(near, 0), np.mean(covered, 0)


def main():
    """Print a table for the network after some epochs, and what a probe costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--epochs", type=int, nargs="*", default=[1, 10])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    data = nfa.load_dataset("fashion_mnist_subset", dtype="float32")
    x, y = torch.as_tensor(data.X).reshape(-1, 1, 28, 28), torch.as_tensor(data.Y)
    model = network()
    initial, done, shares = copy.deepcopy(model), 0, []
    for epochs in arguments.epochs:
        seconds = train(model, x, y, epochs - done)
        done = epochs
        full, near, covered = coverage(model, initial, x, arguments.draws)
        shares.append(covered)
        for i, name in enumerate(("uc_nfa", "c_nfa")):
            for j, layer in enumerate(full.layer.values.tolist()):
                print(
                    f"after {epochs:2} epochs, layer {layer}, {name:6} {float(full[name].sel(layer=layer)):.4f}: "
                    f"{near[i, j]:6.1%} within .01, {covered[i, j]:6.1%} within two standard errors",
                    flush=True,
                )
    print(f"all together: {np.mean(shares):.1%} within two standard errors ({arguments.draws} draws each)")
    start = time.process_time()
    measure(model, x[:SAMPLES], initial, combinations=COMBINATIONS)
    probe = time.process_time() - start
    print(f"a probe costs {probe:.2f} s of processor, {probe / (seconds * 50000 / len(x)):.2%} of an epoch of 50000")


if __name__ == "__main__":
    main()
