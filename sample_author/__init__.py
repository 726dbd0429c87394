"""The sample author: a fictional person, and the exports built from her writing."""
