"""All of training: from a random start to the end, and what weight decay makes of it.

Read `agop_of_nfm` first: in a wide two-layer linear network the AGOP is a polynomial of the NFM at all times, which
turns the exponent of the ansatz from 1 to 1/2. `mode_course` follows each mode in closed form. `weight_decay` takes
any start, at any width and depth, to the balanced exponents, and says how fast; `obtuse_inputs` is a nonlinear
network that ends where no exponent fits. The networks with numbers that judge the chapter are `instance`.
"""

from typing import Final

from derivations.chapter import Chapter

CHAPTER: Final = Chapter(
    slug="training",
    title="All of training",
    summary="Wide linear networks from a random start to the end; weight decay, and where it takes the ansatz.",
    reading_order=("agop_of_nfm", "mode_course", "weight_decay", "obtuse_inputs"),
)
