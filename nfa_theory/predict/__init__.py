"""From data and an architecture to the alignment of every layer, before any training."""

import lazy_loader

# Listed in the stub beside this file, and imported at first use: courses need SymPy, one-pass SGD needs SciPy's laws.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
