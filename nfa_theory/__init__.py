"""The court: predictions, checks of theory against simulation, figures, report, command line."""

import lazy_loader

from numerics.backend.version import package_version

__version__ = package_version()

# The stub beside this file lists the public names, once, for type checkers and for imports at first use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
