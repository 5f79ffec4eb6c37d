"""Turns what a file says into values of a column, a whole column at a time; what cannot be is told."""
