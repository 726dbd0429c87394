"""Dagster definitions of the deployment stage."""
