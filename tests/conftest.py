"""Shape types are checked in tests only: every annotated array is verified at run time here."""

from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

install_import_hook(["numerics", "nfa_theory"], "shape_types.check_shapes")

# Derandomised and without deadlines: CI must give the same answer on a slow machine and on a second run.
settings.register_profile(
    "quick", max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("quick")
