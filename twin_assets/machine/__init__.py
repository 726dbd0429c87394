"""One machine: its environments, its models and its processes. `environments` needs the standard library only."""
