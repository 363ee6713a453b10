"""TensorBoard: alignments as scalars."""

from __future__ import annotations

from typing import Any


class TensorBoardSink:
    """Write every measurement of a probe to TensorBoard.

    Parameters
    ----------
    writer : torch.utils.tensorboard.SummaryWriter or path-like
        A writer, or the folder of a new one.
    """

    def __init__(self, writer: Any) -> None:
        if hasattr(writer, "add_scalar"):
            self.writer = writer
        else:
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(str(writer))

    def __call__(self, step: int, numbers: dict[str, float]) -> None:
        """Write the numbers that are defined."""
        for name, value in numbers.items():
            if value == value:  # TensorBoard draws NaN as a value of its own
                self.writer.add_scalar(name, value, global_step=step)
