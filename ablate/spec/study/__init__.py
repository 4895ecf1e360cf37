"""Studies: designs, recipes, searches, claims; from a file to cells and trials."""
