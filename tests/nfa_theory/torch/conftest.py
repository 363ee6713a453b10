"""These tests need PyTorch, which is an extra; they run in float64 and draw from one seed."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")


@pytest.fixture(autouse=True)
def float64():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
