"""All of training: wide linear networks, weight decay, and a network at rest."""
