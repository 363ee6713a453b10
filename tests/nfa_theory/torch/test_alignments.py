"""Alignments from small matrices against those of m x m matrices by definition, in every form of adding up."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402
from torch_reference import alignments, changed  # noqa: E402

from nfa_theory.torch import covariances as module  # noqa: E402
from nfa_theory.torch import explain, measure, ptf_covariances, top_directions  # noqa: E402
from numerics import InputError, measure_layer  # noqa: E402

FORMS = {"units": {}, "rows": {"MANY_UNITS": 0}, "inputs": {"MANY_INPUTS": 0}}


@pytest.fixture(params=FORMS)
def form(request, monkeypatch):
    for name, value in FORMS[request.param].items():
        monkeypatch.setattr(module, name, value)
    return request.param


@pytest.mark.parametrize("power", [1, 0.5, 2])
@pytest.mark.parametrize("kind", ["cosine", "pearson"])
def test_alignments_by_definition(form, kind, power):
    model = nn.Sequential(nn.Linear(3, 40), nn.Tanh(), nn.Linear(40, 20), nn.Tanh(), nn.Linear(20, 1))
    moved, x = changed(model), torch.randn(4, 3)
    measured = measure(moved, x, model, kind=kind, power=power)
    K = ptf_covariances(moved, x)
    for name in ("0", "2", "4"):
        W, W0 = (net.get_submodule(name).weight for net in (moved, model))
        expected = alignments(W, W0, K[name], kind, power)
        found = [float(measured[variable].sel(layer=name)) for variable in ("uc_nfa", "c_nfa")]
        assert np.allclose(found, expected, atol=1e-9 if power != 0.5 else 1e-6, rtol=0)
        if power == 1:
            slow = measure_layer(W.detach().numpy(), W0.detach().numpy(), K[name].numpy(), kind)
            assert np.allclose(measured.decomposition.sel(layer=name), slow.decomposition, atol=1e-9)
            assert np.allclose(measured.relative_weight_change.sel(layer=name), slow.relative_weight_change)


def test_the_form_changes_no_standard_error(form):
    model = nn.Sequential(nn.Linear(3, 40), nn.Tanh(), nn.Linear(40, 20), nn.Tanh(), nn.Linear(20, 1))
    moved, x = changed(model), torch.randn(9, 3)
    measured = measure(moved, x, model, chunk=1)
    K = [ptf_covariances(moved, x[[i]]) for i in range(9)]
    sizes = [2, 2, 2, 2, 1]  # the blocks of nine samples
    edges = np.cumsum([0, *sizes])
    for name in ("0", "2"):
        W = moved.get_submodule(name).weight
        values = []
        for b in range(5):  # the delete-one jackknife is the first-order error
            kept = [K[i][name] for i in range(9) if not edges[b] <= i < edges[b + 1]]
            values.append(alignments(W, W * 0, sum(kept))[0])
        jackknife = np.std(values) * 2
        assert 0.3 < float(measured.uc_nfa_standard_error.sel(layer=name)) / jackknife < 3


def test_grouped_convolutions_are_block_diagonal():
    model = nn.Sequential(nn.Conv2d(4, 6, 2, groups=2), nn.Tanh(), nn.Flatten(), nn.Linear(24, 2))
    moved, x = changed(model), torch.randn(5, 4, 3, 3)
    K, measured = ptf_covariances(moved, x)["0"], measure(moved, x, model)
    W, W0 = (torch.block_diag(*net[0].weight.detach().flatten(1).unflatten(0, (2, 3))) for net in (moved, model))
    assert np.allclose([measured.uc_nfa[0], measured.c_nfa[0]], alignments(W, W0, K), atol=1e-10)
    assert float(measured.inputs[0]) == 16


def test_agop_by_patches():
    """``G = W^T K W`` is the average gradient outer product with respect to patches as independent variables."""
    conv, rest = nn.Conv2d(2, 3, 3, padding=1, stride=2), nn.Sequential(nn.Tanh(), nn.Flatten(), nn.Linear(27, 2))
    x = torch.randn(4, 2, 5, 5)
    K = ptf_covariances(nn.Sequential(conv, *rest), x)["0"]
    W, G = conv.weight.detach().flatten(1), 0
    for one in x:
        patches = nn.functional.unfold(one[None], 3, padding=1, stride=2)[0].T
        f = lambda z: rest((z @ W.T + conv.bias).T.reshape(1, 3, 3, 3))[0]  # noqa: E731
        J = torch.func.jacrev(f)(patches).flatten(0, 1)
        G = G + (J.T @ J).detach() / 4
    assert torch.allclose(G, W.T @ K @ W, rtol=1e-10, atol=1e-12)


def test_fact_is_one_at_a_stationary_point_with_weight_decay():
    torch.manual_seed(1)
    model, x, y = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(8, 3), torch.randn(8, 2)
    loss = lambda f, y: (f - y).square().sum(1).mean()  # noqa: E731
    start = measure(model, (x, y), loss=loss).fact.values
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2000, tolerance_grad=1e-13, tolerance_change=0)

    def closure():
        optimizer.zero_grad()
        value = loss(model(x), y) + 0.05 * sum(layer.weight.square().sum() for layer in (model[0], model[2]))
        value.backward()
        return value

    optimizer.step(closure)
    assert np.allclose(measure(model, (x, y), loss=loss).fact, 1, atol=1e-8)
    assert np.abs(start - 1).max() > 1e-3


def test_sketches_cover_the_population():
    """60 sketches of 256 samples, four alignments each: two standard errors cover them in about 95 % of cases.

    Were alignments of one sketch one event, below 85 % would be 3.6 deviations off: a false alarm in 6000.
    """
    torch.manual_seed(4)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(128, 10)
    )
    moved, x = changed(model, size=0.05), torch.randn(1000, 1, 8, 8)
    full = measure(moved, x, model, combinations="all")
    covered, errors = [], []
    for seed in range(60):
        chosen = torch.as_tensor(np.random.default_rng(seed).choice(1000, 256, replace=False))
        sketch = measure(moved, x[chosen], model, combinations=2, seed=seed, layers=["0", "2"])
        for name in ("uc_nfa", "c_nfa"):
            difference = np.abs(sketch[name].values - full[name].sel(layer=["0", "2"]).values)
            covered.append(difference < 2 * sketch[f"{name}_standard_error"].values)
            errors.append(difference)
    assert 0.85 < np.mean(covered) < 0.995
    assert np.mean(np.asarray(errors) < 0.01) > 0.85


def test_top_directions_are_eigenvectors():
    for layer in (nn.Conv2d(2, 4, 3), nn.Linear(3, 7)):
        K = torch.randn(layer.weight.shape[0], layer.weight.shape[0])
        K = K @ K.T
        W = layer.weight.detach().flatten(1)
        for matrix, given in ((W.T @ W, None), (W.T @ K @ W, K)):
            found = top_directions(layer, 3, given)
            rows = found.vectors.flatten(1)
            assert torch.allclose(rows @ matrix, found.values[:, None] * rows, atol=1e-8)
            assert torch.allclose(rows @ rows.T, torch.eye(3), atol=1e-8)
    assert tuple(top_directions(nn.Conv2d(2, 4, 3), 1).vectors.shape) == (1, 2, 3, 3)
    with pytest.raises(InputError, match=r"k must be in 1\.\.4, got 5"):
        top_directions(nn.Conv2d(2, 4, 3), 5)


def test_explain_names_everything():
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 20))
    model.register_module("spare", None)
    model.spare = nn.Linear(5, 5)
    model.forward = lambda x: model[2](model[1](model[0](x)))
    told = explain(model, torch.randn(4, 3))
    assert list(told.measured) == ["0", "2"]
    assert told.not_measured == {"spare.weight": "never called in the forward pass"}
    assert told.cost == 1.0
    assert "2 random combinations of 20 outputs" in str(told)
    assert list(explain(nn.Sequential(nn.Linear(3, 8), nn.GRU(8, 2))).measured) == ["0"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": "1"}, "unknown layer '1'"),
        ({"kind": "cosin"}, "unknown alignment 'cosin'; did you mean 'cosine'"),
        ({"power": 0}, "power must be positive, got 0"),
        ({"combinations": 0}, "combinations must be 'auto', 'all' or an integer from 1, got 0"),
        ({"outputs": 7}, r"outputs must be in 0\.\.1, got \[7\]"),
        ({"initial": {}}, r"initial must hold every parameter of the model, got none for 0\.weight"),
        ({"batch": torch.full((2, 3), float("nan"))}, "batch must be finite"),
        ({"batch": 3}, "batch must be a tensor, a tuple or a mapping of tensors, got int"),
    ],
)
def test_bad_input_is_named(arguments, message):
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    batch = arguments.pop("batch", torch.randn(4, 3))
    with pytest.raises(InputError, match=message):
        measure(model, batch, **arguments)
