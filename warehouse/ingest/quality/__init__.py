"""Data quality: checks over a window of the data, what they find, and how far each feed has come."""
