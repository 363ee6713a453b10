"""Features of images with and without SLO."""
