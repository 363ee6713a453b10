"""How often each kind of verdict may be wrong, stated once and side by side.

A rate is the greatest probability, over all that chance can do, of the event it names:

================  =====  ==================================================================================
rate              value  event
================  =====  ==================================================================================
`CLAIM_LEVEL`     1e-2   an experiment holds a claim that is false, or refutes one that is true
`FALSE_ALARM`     1e-3   a true prediction for wide networks is refuted: in any layer of the early alignment,
                         in any comparison at finite width, or (again 1e-3) in their distribution
`MISSED`          5e-2   an error of the size that is stated as detectable goes unnoticed
================  =====  ==================================================================================

The court of the claims has rates of its own, spent on all claims together: `nfa_theory.verify.court.PROFILES`.
"""

from typing import Final

CLAIM_LEVEL: Final = 0.01
FALSE_ALARM: Final = 1e-3
MISSED: Final = 0.05
