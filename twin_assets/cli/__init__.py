"""The command-line program `twin`."""
