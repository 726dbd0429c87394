"""Collection: from an export archive or a folder to raw documents, own and others' words told apart.

One module per kind of source (`linkedin`, `substack`, `x`, `markdown`), one protocol (`collector.Collector`).
`archive` reads zip archives and folders alike, `text` decodes and `dates` understands what lies in them.
"""

from twin_assets.collection.collector import Collected
from twin_assets.collection.sources import collect, fingerprint, recognize

__all__ = ["Collected", "collect", "fingerprint", "recognize"]
