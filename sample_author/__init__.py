"""The sample author that ships with the project: a fictional person, and the exports built from her writing."""
