"""Where the alignment comes from."""
