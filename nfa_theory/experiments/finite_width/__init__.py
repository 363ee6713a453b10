"""Means at finite width, predicted and measured."""
