"""Many runs, from one core to a cluster: computed once, kept in a store, opened as one labelled data set.

Without the extra ``sweeps`` everything happens in one process; with it (Dask distributed, zarr, fsspec) on all cores of
this machine, on the workers of a scheduler, and in object stores.
"""

from nfa_theory.sweeps.dataset import open_sweep
from nfa_theory.sweeps.estimate import Estimate
from nfa_theory.sweeps.plan import Plan, PlanError, read_plan
from nfa_theory.sweeps.run import Summary, run
from nfa_theory.sweeps.status import Status, status
from nfa_theory.sweeps.store import Failure

open = open_sweep  # noqa: A001 - `nfa.sweeps.open`, as one says `xarray.open_dataset`

__all__ = ["Estimate", "Failure", "Plan", "PlanError", "Status", "Summary", "open", "read_plan", "run", "status"]
