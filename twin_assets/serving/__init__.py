"""The twin service: an OpenAI-compatible API with retrieval and citations, and one page with a chat box."""
