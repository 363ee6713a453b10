"""The main job: train, predict, measure, compare, and write it all down."""
