"""Deployment: SGLang's process and client, MLflow's registry, and the record of which adapter answers."""
