"""Wrong versions of closed forms, for obligations and the court to refuse."""
