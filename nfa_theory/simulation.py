"""The names of `numerics` as users of this package find them; they are imported when they are first used."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numerics import *  # noqa: F403  the stub of `numerics` lists its names
else:
    from numerics import __getattr__ as __getattr__
