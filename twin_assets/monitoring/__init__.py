"""What the service did: traces of answers, the figures of a day, drift, and what needs a person."""
