"""Assets over what the service did."""
