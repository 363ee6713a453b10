"""Hugging Face transformers: a callback of its `Trainer`."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from nfa_theory.torch.probe import AlignmentProbe


class AlignmentTrainerCallback(TrainerCallback):
    """Watch the model of a `Trainer`: measure at the start and every so many optimizer steps.

    Parameters
    ----------
    data : Any
        As for `nfa_theory.torch.AlignmentProbe`; a mapping of tensors, for instance.
    **settings
        Further arguments of the probe, ``every`` for instance.

    Attributes
    ----------
    probe : AlignmentProbe
        From the start of training on; ``probe.record`` is what was measured.
    """

    def __init__(self, data: Any, **settings: Any) -> None:
        self._data, self._settings = data, settings
        self.probe: AlignmentProbe | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Measure before the first step."""
        if self.probe is None:
            self.probe = AlignmentProbe(model, self._data, **self._settings).__enter__()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count an optimizer step."""
        assert self.probe is not None
        self.probe.step()
