"""One module for each export format, and what they share."""
