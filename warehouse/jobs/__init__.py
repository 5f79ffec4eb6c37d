"""What runs over all parts of the warehouse, in order."""
