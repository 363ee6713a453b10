"""A training script with three lines more: which layers of a convolutional network align, and what to do about it."""

import torch
from torch import nn

import nfa_theory as nfa
from nfa_theory.torch import AlignmentProbe, SpeedLimited, explain, predict_first_step, ptf_covariances, top_directions

torch.manual_seed(0)
data = nfa.load_dataset("fashion_mnist_subset", train=200)
x = torch.as_tensor(data.X, dtype=torch.float32).reshape(-1, 1, 28, 28)
y = torch.as_tensor(data.Y, dtype=torch.float32)


def network() -> nn.Module:
    """Two convolutions and a readout."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 16, 3, stride=2),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 10),
    )


model = network()
loss = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

print(explain(model, x))  # what will be measured, what not, and what it costs
print(predict_first_step(model, loss, (x, y)).c_nfa.round(3).values)  # from one gradient

with AlignmentProbe(model, x, every=20, samples=100) as probe:  # 1
    for _ in range(60):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        probe.step(value)  # 2

print(probe.record[["uc_nfa", "c_nfa"]].isel(seed=0).to_dataframe().round(3))  # 3
nfa.figures.write_figure(nfa.figures.alignment_figure(probe.record), ".")

K = ptf_covariances(model, x)["0"]
kernels = top_directions(model[0], 3, K).vectors  # what the first layer's AGOP looks at, as 5 x 5 kernels
print(tuple(kernels.shape))

favored = network()
slow = SpeedLimited.from_model(favored, favor="2", others=0.01, lr=0.05)  # only the second convolution moves freely
for _ in range(60):
    slow.zero_grad()
    loss(favored(x), y).backward()
    slow.step()
print({group["name"]: group["speed"] for group in slow.param_groups})
