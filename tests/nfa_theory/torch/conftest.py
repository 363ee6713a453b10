"""These tests need PyTorch, which is an extra: each file skips with a reason without it. They run in float64."""

import pytest

try:
    import torch
except ImportError:
    torch = None


@pytest.fixture(autouse=True)
def float64():
    if torch is None:
        yield
        return
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
