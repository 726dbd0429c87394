"""Live sources: fetched politely and safely, a module for each kind."""
