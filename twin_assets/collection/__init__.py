"""Collection: from an export archive, a folder or a live site to raw documents, own and others' words told apart.

One module per kind of source, two protocols (`collector.Collector` for files, `collector.LiveCollector` for what is
fetched, in `web/`). `registry` knows them all, `keep` what is stored of a source, `sources` brings that up to date.
"""

from twin_assets.collection.collector import Collected
from twin_assets.collection.keep import Keep
from twin_assets.collection.registry import recognize, understand
from twin_assets.collection.sources import collect, collect_into, fingerprint

__all__ = ["Collected", "Keep", "collect", "collect_into", "fingerprint", "recognize", "understand"]
