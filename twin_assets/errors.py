"""Every error that this package raises on purpose.

    TwinError
    ├── ConfigError           a wrong key, type or path in config/ or in the environment
    ├── SourceError           a source as a whole cannot be read (a bad row is an Exclusion, not an error)
    │   └── FetchError        a page could not be fetched, or must not be
    ├── StorageError          a table or artifact cannot be read or written
    ├── InsufficientDataError too little of the author's own writing for the step that was asked for
    ├── ModelError            a model's files are missing, or are not the ones that were pinned
    ├── EngineError           the SGLang server is away, or refused
    │   ├── AdapterNotLoaded  the adapter asked for is not on the server; the base model must not answer for it
    │   └── RequestRefused    the server finds fault with what it was asked to answer
    ├── TrainingError         the trainer failed, or left no usable adapter
    ├── EvaluationError       a figure could not be measured
    ├── DeploymentError       an adapter was not approved, or failed its probe
    └── ProcessError          a process of the twin did not come up, or its port is taken

Each carries what failed and what to do next, so that a message can be shown to a person as it is.
"""


class TwinError(Exception):
    """Base of all errors of this package.

    Args:
        what: what failed, naming the value in question.
        remedy: what the reader should do next; shown on a line of its own.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  -> {self.remedy}" if self.remedy else self.what


class ConfigError(TwinError):
    """A wrong key, type or path in config/ or in the environment."""


class SourceError(TwinError):
    """A source as a whole cannot be read."""


class FetchError(SourceError):
    """A page could not be fetched, or must not be.

    Args:
        reason: `address` (not public), `robots`, `too_large`, `timeout`, `redirects`, `status`, `connection`, `type`.
        status: the HTTP status, 0 when there was no answer.
    """

    def __init__(self, what: str, remedy: str = "", *, reason: str, status: int = 0) -> None:
        super().__init__(what, remedy)
        self.reason = reason
        self.status = status


class StorageError(TwinError):
    """A table or artifact cannot be read or written."""


class InsufficientDataError(TwinError):
    """Too little of the author's own writing for the step that was asked for."""


class ModelError(TwinError):
    """A model's files are missing, or are not the ones that were pinned."""


class EngineError(TwinError):
    """The SGLang server is away, or refused a request."""


class AdapterNotLoaded(EngineError):
    """The adapter asked for is not on the server."""


class RequestRefused(EngineError):
    """The server finds fault with what it was asked to answer: whoever asks must change it."""


class TrainingError(TwinError):
    """The trainer failed, or left no usable adapter."""


class EvaluationError(TwinError):
    """A figure could not be measured."""


class DeploymentError(TwinError):
    """An adapter was not approved, or failed its probe."""


class ProcessError(TwinError):
    """A process of the twin did not come up, or its port is taken."""
