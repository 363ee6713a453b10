"""Sees every call in which a model applies weights to data, and gets the gradient of the call's result.

Calls are seen where PyTorch dispatches its public functions, so that weights used by function, tied and shared weights
and the projections inside `nn.MultiheadAttention` are seen as well as layers. The result of a call passes through an
identity whose backward pass hands the gradient over before anything that changes the result in place can matter; the
identity has an input that needs a gradient, so that frozen layers are reached too.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from nfa_theory.torch.calls import READERS, Operand
from nfa_theory.torch.weights import Parameters, Source

Receive = Callable[[Tensor], None]


class Observer(Protocol):
    """Is told of every call that applies weights to data."""

    def wants(self, operand: Operand, source: Source, result: Tensor) -> Receive | None:
        """Return what shall get the gradient of the result; None if nobody wants it."""

    def other_use(self, source: Source, function: str) -> None:
        """Hear of a function that mixes a weight with data and is no known linear map."""


class _Identity(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, result: Tensor, anchor: Tensor, receive: Receive) -> Tensor:
        ctx.receive = receive
        ctx.mark_dirty(result)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        with torch._C.DisableTorchFunction():  # what is done with it is no part of the model
            ctx.receive(gradient)
        return gradient, None, None


class Interception(TorchFunctionMode):
    """Within this mode the observer is told of every linear call of a model.

    Attributes
    ----------
    anchor : Tensor
        A zero that every watched result depends on; what the gradient is asked of.
    hidden : bool
        Whether a watched weight was applied while gradients were off: by a checkpoint that runs again backward, or
        by code that wants no gradients.
    """

    def __init__(self, parameters: Parameters, observer: Observer) -> None:
        super().__init__()
        self._parameters, self._observer = parameters, observer
        self._computed: dict[int, tuple[Tensor, Source]] = {}
        self._constants: dict[int, Tensor] = {}
        self.anchor = torch.zeros((), requires_grad=True)
        self.hidden = False
        self.forward = True

    def forget(self) -> None:
        """Let go of the weights that were computed in the last forward pass."""
        self._computed.clear()
        self._constants.clear()

    def __torch_function__(
        self, func: Any, types_: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do what the function does and watch its result if it applies a weight to data."""
        kwargs = kwargs or {}
        if func in (torch.autograd.backward, torch.autograd.grad):
            with self:  # a checkpoint runs its part of the model again within
                return _body(func)(*args, **kwargs)
        tensors = list(_tensors(args, kwargs))
        found = [self._source(tensor) for tensor in tensors]
        sources = [source for source in found if source is not None]
        if self._constant(tensors, found):
            for source in sources if func in READERS else ():
                self._observer.other_use(source, f"{_name(func)} of what does not depend on data")
            return self._remember(func(*args, **kwargs), sources)
        if not sources:
            return func(*args, **kwargs)
        operand = self._operand(func, args, kwargs)
        if operand is not None:
            return self._watched(func(*args, **kwargs), *operand)
        if isinstance(func, types.FunctionType) and func not in READERS:
            with self:
                return _body(func)(*args, **kwargs)
        for source in sources:
            self._observer.other_use(source, _name(func))
        return func(*args, **kwargs)

    def _operand(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Operand, Source] | None:
        reader = READERS.get(func)
        for operand in () if reader is None else reader(*args, **kwargs):
            source = self._source(operand.weight)
            if source is not None and self._source(operand.data) is None:
                return operand, source
        return None

    def _watched(self, result: Tensor, operand: Operand, source: Source) -> Tensor:
        if not (torch.is_grad_enabled() or self.forward):
            return result  # some function's own backward pass
        receive = self._observer.wants(operand, source, result)
        if receive is None:
            return result
        if not torch.is_grad_enabled():
            self.hidden = True
            return result
        if result._is_view():
            result = result.clone()
        watched: Tensor = _Identity.apply(result, self.anchor, receive)
        return watched

    def _source(self, value: Any) -> Source | None:
        if not isinstance(value, Tensor):
            return None
        if id(value) in self._computed:
            return self._computed[id(value)][1]
        return self._parameters.source(value)

    def _constant(self, tensors: list[Tensor], sources: list[Source | None]) -> bool:
        # Whether the arguments are weights and what does not depend on data, so that the result is a weight again.
        known = [
            source is not None or id(tensor) in self._parameters.constants or id(tensor) in self._constants
            for tensor, source in zip(tensors, sources, strict=True)
        ]
        return any(known) and all(is_known or t.ndim == 0 for is_known, t in zip(known, tensors, strict=True))

    def _remember(self, result: Any, sources: list[Source]) -> Any:
        if not sources:
            self._constants |= {id(tensor): tensor for tensor in _tensors((result,), {})}
            return result
        names = list(dict.fromkeys(name for source in sources for name in (source.parameter, *source.others)))
        for tensor in _tensors((result,), {}):
            if self._parameters.source(tensor) is None:
                # The tensor is kept, so that its identity is not given to another one.
                own = [name for name in names if self._parameters.by_name[name].shape == tensor.shape]
                ordered = list(dict.fromkeys((*own, *names)))
                self._computed[id(tensor)] = (tensor, Source(ordered[0], None, tuple(ordered[1:])))
        return result


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Tensor]:
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from (entry for entry in value if isinstance(entry, Tensor))


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))


_BODIES: dict[types.FunctionType, Callable[..., Any]] = {}


def _body(function: types.FunctionType) -> Callable[..., Any]:
    # A function of PyTorch that is written in Python begins by asking whether somebody intercepts it; this copy of it
    # is told no, and goes on to its body, where the functions that it calls are intercepted.
    if function not in _BODIES:
        questions = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
        scope = {**function.__globals__, **dict.fromkeys(questions, _nobody)}
        copy = types.FunctionType(
            function.__code__, scope, function.__name__, function.__defaults__, function.__closure__
        )
        copy.__kwdefaults__ = function.__kwdefaults__
        _BODIES[function] = copy
    return _BODIES[function]


def _nobody(*_: Any) -> bool:
    return False
