"""The first step of sign descent and of Muon: from the data at infinite width, from random networks at finite width."""
