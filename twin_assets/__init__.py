"""An open, self-hosted LLM Twin: one person's writing in, a served model that writes like them out."""

__version__ = "0.1.0"
