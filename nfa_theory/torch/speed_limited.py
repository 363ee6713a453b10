"""Speed-limited optimization (SLO) as a PyTorch optimizer: every layer moves by a length of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from numerics.errors import InputError, unknown


class SpeedLimited(Optimizer):
    """``W_l <- W_l - lr C_l grad_l / |grad_l|``, Frobenius norms; a group of parameters is a layer.

    The weights and the bias of a layer count as one vector. Schedulers change ``lr``; gradient clipping and
    `torch.amp.GradScaler` compose, since the length of a gradient does not matter. A group whose gradient is zero is
    left as it is, decay included; one whose gradient is not finite too, and ``group["skipped"]`` counts it.

    Parameters
    ----------
    params : iterable
        Tensors (one layer) or groups, each with its ``speed``.
    lr : float
        Length of the update of a layer with speed 1.
    speed : float
        C of groups that do not say.
    weight_decay : float
        Decoupled: ``W`` is first multiplied by ``1 - lr * weight_decay``.

    Raises
    ------
    InputError
        If a number is negative or not finite.

    Notes
    -----
    The rule is that of Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271). What it does to alignment is said of the
    favored layer only.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> optimizer = SpeedLimited.from_model(model, favor="0", lr=0.5)
    >>> [(group["name"], group["speed"]) for group in optimizer.param_groups]
    [('0', 1.0), ('2', 0.01)]
    """

    def __init__(self, params: Iterable[Any], lr: float = 0.1, speed: float = 1.0, weight_decay: float = 0.0) -> None:
        for name, value in (("lr", lr), ("speed", speed), ("weight_decay", weight_decay)):
            _check(name, value)
        super().__init__(params, {"lr": lr, "speed": speed, "weight_decay": weight_decay, "skipped": 0})
        for group in self.param_groups:
            _check("speed", group["speed"])

    @classmethod
    def from_model(
        cls,
        model: nn.Module,
        favor: str | Sequence[str] | Mapping[str, float],
        others: float = 0.01,
        lr: float = 0.1,
        weight_decay: float = 0.0,
    ) -> SpeedLimited:
        """Make every module that has parameters of its own a layer, and favor some.

        Parameters
        ----------
        model : torch.nn.Module
            The network.
        favor : str, sequence of str or mapping
            Names of modules that move at speed 1 with all they contain, or their speeds by name.
        others : float
            Speed of all other layers; 0 freezes them.
        lr, weight_decay : float
            As above.

        Returns
        -------
        SpeedLimited

        Raises
        ------
        InputError
            If a name is none of the model's modules with parameters.
        """
        names = [favor] if isinstance(favor, str) else list(favor)
        speeds = dict(favor) if isinstance(favor, Mapping) else dict.fromkeys(names, 1.0)
        groups: list[dict[str, Any]] = []
        seen: set[int] = set()
        for path, module in model.named_modules():
            own = [p for p in module.parameters(recurse=False) if p.requires_grad and id(p) not in seen]
            seen |= {id(p) for p in own}
            if own:
                inside = [name for name in names if path == name or path.startswith(f"{name}.")]
                speed = speeds[max(inside, key=len)] if inside else others
                groups.append({"params": own, "name": path, "speed": float(speed)})
        paths = [group["name"] for group in groups]
        for name in names:
            if not any(path == name or path.startswith(f"{name}.") for path in paths):
                raise InputError(unknown("layer", name, paths))
        return cls(groups, lr=lr, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Move every layer; return what `closure`, which computes the gradients, returns."""
        value = None
        if closure is not None:
            with torch.enable_grad():
                value = closure()
        for group in self.param_groups:
            self._move(group)
        return value

    def _move(self, group: dict[str, Any]) -> None:
        moving = [parameter for parameter in group["params"] if parameter.grad is not None]
        gradients = [parameter.grad.to_dense() if parameter.grad.is_sparse else parameter.grad for parameter in moving]
        # First by the largest entry: squares of tiny gradients would underflow.
        largest = max((float(g.abs().max()) for g in gradients if g.numel()), default=0.0)
        if any(not bool(torch.isfinite(g).all()) for g in gradients):
            group["skipped"] += 1
            return
        if largest == 0:
            return
        norm = math.sqrt(sum(_square(g, largest) for g in gradients))
        for parameter, gradient in zip(moving, gradients, strict=True):
            if group["weight_decay"]:
                parameter.mul_(1 - float(group["lr"]) * group["weight_decay"])
            parameter.add_(gradient / largest, alpha=-float(group["lr"]) * group["speed"] / norm)


def _square(gradient: Tensor, largest: float) -> float:
    return float(torch.linalg.vector_norm(gradient / largest, dtype=torch.float64)) ** 2


def _check(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{name} must be a finite number from 0, got {value}")
