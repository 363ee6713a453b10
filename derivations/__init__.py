"""The theory, derived: symbolic steps from the definitions of the network and its loss to closed forms."""
