"""What was not measured and why, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from torch import nn

from nfa_theory.torch.layers import Layout, plain_name

RECURRENT = (nn.RNNBase, nn.RNNCellBase)
NORMALIZATIONS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def unmeasured(
    layout: Layout, measured: Iterable[str], other_uses: Mapping[str, set[str]], hidden: set[str]
) -> dict[str, str]:
    """Return, by parameter with two axes or more that no measured layer shows, why."""
    parameters, used = layout.parameters, dict[str, list[str]]()
    for layer in layout.by_name.values():
        for name in (layer.source.parameter, *layer.source.others):
            used.setdefault(name, []).append(layer.name)
    shown = set(measured)
    reasons = {}
    for name, parameter in parameters.by_name.items():
        if parameter.ndim < 2 or shown & set(used.get(name, ())):
            continue
        module = parameters.modules(name)[0][1]
        if isinstance(module, RECURRENT):
            reason = "used inside a fused recurrent kernel, whose pre-activations cannot be seen"
        elif set(used.get(name, ())) & hidden:
            reason = "called where gradients are off, and not again"
        elif name in used:
            reason = "called, but the outputs do not depend on it"
        elif name in other_uses:
            functions = ", ".join(sorted(other_uses[name]))
            reason = f"used by {functions}, which is no map from features to units by one matrix"
        else:
            reason = "never called in the forward pass"
        reasons[name] = reason
    return reasons


def mode_notes(model: nn.Module, *, training: bool | None) -> list[str]:
    """Say what the mode of the model means for normalization and dropout."""
    notes = []
    batch_norms = {n: m for n, m in model.named_modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)}
    if training is False:
        for name, module in batch_norms.items():
            if module.track_running_stats and module.num_batches_tracked == 0:
                notes.append(f"{name}: running statistics were never updated; measured with mean 0 and variance 1")
        if any(not m.track_running_stats for m in batch_norms.values()):
            notes.append("batch normalization without running statistics mixes samples: K is no average over samples")
    elif any(training or module.training for module in batch_norms.values()):
        notes.append("batch normalization in training mode mixes samples: K is no average over samples")
    return notes


def describe(reasons: Mapping[str, str], layers: Sequence[str] | str | None) -> list[str]:
    """Turn reasons into sentences; where layers were chosen, the others are not spoken of."""
    if layers is not None:
        return []
    return [f"{'.'.join(filter(None, plain_name('', name)))}: {reason}" for name, reason in reasons.items()]
