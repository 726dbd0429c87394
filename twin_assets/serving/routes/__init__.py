"""The routes of the service, one module a subject: each gives its router for what they share."""
