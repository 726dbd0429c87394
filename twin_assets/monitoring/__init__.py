"""What the service did, kept to look at later: traces of answers."""
