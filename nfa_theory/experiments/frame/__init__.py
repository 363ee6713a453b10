"""What all experiments share: what one is, its pieces that survive a stop, joined records, training, files, drawing."""
