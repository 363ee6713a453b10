"""Properties of theory and simulation on drawn problems: how problems are drawn, judged, and shown if they fail."""
