"""What obligations judge by: small exact networks and matrices, and averages over them, entry by entry."""
