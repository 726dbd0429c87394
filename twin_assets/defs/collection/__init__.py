"""Dagster definitions of the collection stage."""
