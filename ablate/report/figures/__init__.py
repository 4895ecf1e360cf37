"""Figures: for each, one function for its numbers and one that draws them."""
