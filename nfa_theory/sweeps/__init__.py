"""Many runs, from one core to a cluster: computed once, kept in a store, opened as one labelled data set.

Without the extra ``sweeps`` everything happens in one process; with it (Dask distributed, zarr, fsspec) on all cores of
this machine, on the workers of a scheduler, and in object stores.
"""

import lazy_loader

# The stub beside this file lists the public names, once, for type checkers and for imports at first use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
