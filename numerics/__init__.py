"""The networks, run: exact forward and backward passes, training, and measured alignments."""

import lazy_loader

# The stub beside this file lists the public names, once, for type checkers and for imports at first use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
