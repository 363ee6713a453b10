"""Lightning: a callback that watches the module that is trained."""

from __future__ import annotations

from typing import Any

from nfa_theory.torch.probe import AlignmentProbe

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    from pytorch_lightning.callbacks import Callback


class AlignmentCallback(Callback):
    """Watch a Lightning module: measure at the start and every so many optimizer steps, and log.

    Parameters
    ----------
    data : Any
        As for `nfa_theory.torch.AlignmentProbe`.
    **settings
        Further arguments of the probe, ``every`` for instance.

    Attributes
    ----------
    probe : AlignmentProbe
        From the start of the fit on; ``probe.record`` is what was measured.
    """

    def __init__(self, data: Any, **settings: Any) -> None:
        self._data, self._settings = data, settings
        self.probe: AlignmentProbe | None = None
        self._seen = 0

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Measure before the first step."""
        if self.probe is None:
            sinks = [*self._settings.pop("sinks", ()), lambda step, numbers: self._log(trainer, step, numbers)]
            self.probe = AlignmentProbe(pl_module, self._data, sinks=sinks, **self._settings).__enter__()
            self._seen = trainer.global_step

    def on_train_batch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
        """Count optimizer steps, which batches that only accumulate gradients are not."""
        assert self.probe is not None
        for _step in range(trainer.global_step - self._seen):
            self.probe.step()
        self._seen = trainer.global_step

    def _log(self, trainer: Any, step: int, numbers: dict[str, float]) -> None:
        defined = {name: value for name, value in numbers.items() if value == value}
        for logger in trainer.loggers:
            logger.log_metrics(defined, step=step)
