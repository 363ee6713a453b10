"""The court: predictions, checks of theory against simulation, figures, report, command line."""
