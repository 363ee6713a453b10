"""Mean and spread of the early C-NFA at the widths that a network has."""
