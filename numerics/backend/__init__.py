"""Where arrays live and how work on them is shared out: namespaces, devices, threads, pieces, files."""
