"""The only code that imports Dagster: thin assets, checks, jobs and sensors over the package's pure functions."""
