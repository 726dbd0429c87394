"""Dagster definitions of the datasets stage."""
