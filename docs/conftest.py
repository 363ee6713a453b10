"""What pytest leaves to Sphinx: its configuration, scripts that draw when they are imported, and generated pages."""

collect_ignore_glob = ["conf.py", "_ext/*", "auto_gallery/*", "examples/*", "gallery/*", "reference/*", "theory/*"]
