"""Where everything is kept: LanceDB tables and the artifact store."""

from twin_assets.storage.artifacts import ArtifactStore
from twin_assets.storage.tables import Change, TableStore

__all__ = ["ArtifactStore", "Change", "TableStore"]
