"""How problems are drawn: small whole numbers and simple fractions, which shrink to the simplest network there is."""

from hypothesis import strategies as st

from properties.configuration import LABELS, Configuration

SMOOTH = ("linear", "tanh", "erf", "sin", "gelu", "silu", "softplus", "quadratic", "hermite:2", "cos")
STEEP = ("cubic", "exp", "hermite:3")
"""For one hidden layer: several of them would leave the range of numbers."""
KINKED = ("relu", "leaky_relu:0.25")
PARAMETRIZATIONS = ("ntk", "lecun", "he", "pytorch", "mup")
EIGENVALUES = (1, 2, 0.5, 4, 0.25)

USUAL = {
    "samples": st.integers(2, 6),
    "inputs": st.integers(1, 4),
    "labels": st.sampled_from(tuple(LABELS)),
    "depth": st.integers(1, 3),
    "widths": st.integers(1, 5),
    "outputs": st.integers(1, 3),
    "activations": st.sampled_from(SMOOTH + KINKED),
    "parametrizations": st.sampled_from(PARAMETRIZATIONS),
    "bias": st.booleans(),
}
"""What is drawn unless a property asks for something else."""


def configurations(**asked):
    """Draw configurations: strategies by the names of `USUAL` replace these, others draw options of the property."""
    usual = {name: asked.pop(name, strategy) for name, strategy in USUAL.items()}

    @st.composite
    def drawn(draw):
        d, layers, c, labels = (draw(usual[name]) for name in ("inputs", "depth", "outputs", "labels"))
        return Configuration(
            samples=draw(usual["samples"]),
            spectrum=tuple(draw(st.lists(st.sampled_from(EIGENVALUES), min_size=d, max_size=d))),
            rotation=draw(st.none() | st.integers(0, 9)) if d > 1 else None,
            labels="random" if (labels, c) == ("classes", 1) else labels,  # one class only would be constant
            hidden=tuple(draw(st.lists(usual["widths"], min_size=layers, max_size=layers))),
            outputs=c,
            activation=draw(usual["activations"]),
            parametrization=draw(usual["parametrizations"]),
            bias=draw(usual["bias"]),
            layer=draw(st.integers(1, layers)),
            seed=draw(st.integers(0, 99)),
            options={name: draw(strategy) for name, strategy in asked.items()},
        )

    return drawn()
