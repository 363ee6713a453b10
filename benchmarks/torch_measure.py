"""Measure VGG-11's convolutions: `nfa_theory.torch` against the obvious way, in one run on one thread.

The obvious way writes convolutions as products of patches, adds zeros to the pre-activations, differentiates all
outputs by them with ``vmap(jacrev)``, and forms m x m matrices. Run with OMP_NUM_THREADS=1; each side runs in a process
of its own, so that its peak memory is its own. Alignments are compared with exact ones in float64.
"""

import argparse
import copy
import resource
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from nfa_theory.torch import measure

SIDES = ("float64", "obvious", "exact", "2", "1")
CHANNELS = (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M")


def vgg11():
    """Build the network."""
    parts, fan_in = [], 3
    for entry in CHANNELS:
        if entry == "M":
            parts.append(nn.MaxPool2d(2))
        else:
            parts += [nn.Conv2d(fan_in, entry, 3, padding=1), nn.ReLU(inplace=True)]
            fan_in = entry
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(512, 10))


def obvious(model, initial, x):
    """Measure UC-NFA and C-NFA with Jacobians of every sample."""
    convolutions = [part for part in model if isinstance(part, nn.Conv2d)]
    starts = [part for part in initial if isinstance(part, nn.Conv2d)]

    def run(z, deltas):
        deltas = iter(deltas)
        z = z[None]
        for part in model:
            if isinstance(part, nn.Conv2d):
                patches = F.pad(z, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1)
                patches = patches.permute(0, 2, 3, 1, 4, 5).flatten(3)
                z = (patches @ part.weight.flatten(1).T + part.bias).permute(0, 3, 1, 2) + next(deltas)
            else:
                z = torch.relu(z) if isinstance(part, nn.ReLU) else part(z)
        return z[0]

    side, zeros = 32, []
    for part in model:
        if isinstance(part, nn.Conv2d):
            zeros.append(torch.zeros(1, part.out_channels, side, side))
        elif isinstance(part, nn.MaxPool2d):
            side //= 2
    with torch.no_grad():
        D = torch.vmap(lambda z: torch.func.jacrev(lambda deltas: run(z, deltas))(zeros))(x)
    for part, start, d in zip(convolutions, starts, D, strict=True):
        rows = d.movedim(3, 0).flatten(1)
        K = rows @ rows.T / len(x)
        W = part.weight.detach().flatten(1)
        for A in (W, W - start.weight.detach().flatten(1)):
            nfm, agop = A.T @ A, A.T @ K @ A
            yield float((nfm * agop).sum() / nfm.norm() / agop.norm())


def side(name, samples):
    """Time one side and its peak memory."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = vgg11()
    initial = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * parameter.std() * torch.randn_like(parameter))
    x = torch.randn(samples, 3, 32, 32)
    if name == "float64":
        model, initial, x = model.double(), initial.double(), x.double()
    layers = [str(i) for i, part in enumerate(model) if isinstance(part, nn.Conv2d)]
    measure(nn.Sequential(nn.Linear(2, 2)), torch.ones(2, 2))  # imports
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    if name == "obvious":
        values = list(obvious(model, initial, x))
    else:
        combinations = "all" if name in ("exact", "float64") else int(name)
        found = measure(model, x, initial, layers=layers, combinations=combinations)
        values = [v for pair in zip(found.uc_nfa.values, found.c_nfa.values, strict=True) for v in pair]
    seconds = time.process_time() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(seconds, memory, *values)


def main():
    """Run both sides in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", choices=SIDES)
    arguments = parser.parse_args()
    if arguments.side:
        side(arguments.side, arguments.samples)
        return
    best = {}
    for _ in range(arguments.repeats):
        for name in SIDES:
            command = [sys.executable, __file__, "--side", name, "--samples", str(arguments.samples)]
            result = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, memory, *values = map(float, result.stdout.split())
            best[name] = min(best.get(name, (seconds, memory, values)), (seconds, memory, values))
    seconds, memory, _ = best["obvious"]
    expected = best["float64"][2]
    for name, (own, used, values) in best.items():
        worst = max(abs(a - b) for a, b in zip(values, expected, strict=True))
        print(
            f"{name:8} {own:6.2f} s of processor, {seconds / own:5.2f} times as fast; {used:5.0f} MB, "
            f"{memory / max(used, 1):5.1f} times less; alignments differ by at most {worst:.1e}"
        )


if __name__ == "__main__":
    main()
