"""What a convolutional network is made of: convolutions, means over windows, and residual branches."""

from dataclasses import dataclass

from numerics.checks import one_of, require_integer
from numerics.errors import InputError

PADDING_MODES = ("zeros", "circular")


@dataclass(frozen=True)
class Conv:
    """A convolution; the activation is applied to what comes in, except to the image itself.

    Parameters
    ----------
    channels : int
        Channels of the result.
    kernel_size : int
        Height and width of the filter.
    stride : int
        Distance between positions of the filter.
    padding : int or "same"
        Positions added on each side; ``"same"`` keeps height and width at stride 1 and needs an odd filter.
    padding_mode : str
        What is added: ``"zeros"``, or ``"circular"``, the other side of the image.
    dilation : int
        Distance between the entries of the filter.

    Raises
    ------
    InputError
        If a number is no positive integer, or ``"same"`` meets an even filter.

    Examples
    --------
    >>> Conv(64, stride=2).margin
    1
    """

    channels: int
    kernel_size: int = 3
    stride: int = 1
    padding: int | str = "same"
    padding_mode: str = "zeros"
    dilation: int = 1

    def __post_init__(self) -> None:
        for name in ("channels", "kernel_size", "stride", "dilation"):
            require_integer(name, getattr(self, name), 1)
        one_of("padding_mode", self.padding_mode, PADDING_MODES)
        if isinstance(self.padding, str):
            one_of("padding", self.padding, ("same",))
            if self.kernel_size % 2 == 0:
                raise InputError(f'padding="same" needs an odd kernel_size, got {self.kernel_size}')
        else:
            require_integer("padding", self.padding, 0)

    @property
    def margin(self) -> int:
        """Positions added on each side."""
        return self.dilation * (self.kernel_size - 1) // 2 if isinstance(self.padding, str) else self.padding


@dataclass(frozen=True)
class MeanPool:
    """Means over windows of the activations.

    Parameters
    ----------
    size : int
        Height and width of a window.
    stride : int, optional
        Distance between windows; by default `size`.

    Raises
    ------
    InputError
        If a number is no positive integer.
    """

    size: int = 2
    stride: int | None = None

    def __post_init__(self) -> None:
        require_integer("size", self.size, 1)
        if self.stride is not None:
            require_integer("stride", self.stride, 1)


@dataclass(frozen=True, init=False)
class Residual:
    """A branch of layers whose result is added to what it starts from: ``h + branch(phi(h))``, before any activation.

    This is the "pre-activation" form: the sum is one of Gaussian fields in the limit of infinite width.

    Parameters
    ----------
    *layers : Conv
        Convolutions that together keep channels, height and width.

    Raises
    ------
    InputError
        If there is none, or something else than a convolution.

    Examples
    --------
    >>> len(Residual(Conv(16), Conv(16)).layers)
    2
    """

    layers: tuple[Conv, ...]

    def __init__(self, *layers: Conv) -> None:
        wrong = [layer for layer in layers if not isinstance(layer, Conv)]
        if wrong or not layers:
            raise InputError(f"a residual branch consists of one Conv or more, got {wrong[0] if wrong else 'none'}")
        object.__setattr__(self, "layers", tuple(layers))


Layer = Conv | MeanPool | Residual
