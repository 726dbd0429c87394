"""Folding and scoring two real people's writing, which is no part of this project: `TWIN_CORPORA` names its folder."""

import os
from collections import Counter
from pathlib import Path

import pytest

from twin_assets.collection import collect
from twin_assets.features.corpus import update_corpus
from twin_assets.records import CleanedDocument, CorpusDocument, Exclusion
from twin_assets.settings import SourceConfig
from twin_assets.storage import TableStore
from twin_assets_tests.features.cleaned import clean_documents


def corpus_of(folder: str, tables: TableStore) -> tuple[list[CorpusDocument], Counter[str]]:
    """The corpus of a folder of Markdown, and how many exclusions of each reason."""
    root = os.environ.get("TWIN_CORPORA")
    if not root:
        pytest.skip("the corpora are no part of this project: set TWIN_CORPORA to the folder that brandur_sorg is in")
    source = SourceConfig(name="s", path=Path(root) / folder, kind="markdown")
    tables.sync(CleanedDocument, clean_documents(collect(source, "Author").documents).documents)
    update_corpus(tables, ["s"])
    return tables.read(CorpusDocument), Counter(e.reason for e in tables.read(Exclusion))


@pytest.mark.parametrize("folder", ["brandur_sorg/content/articles", "brandur_sorg/content/fragments"])
def test_every_article_and_note_of_a_blog_is_kept_searched_and_trained_on(folder, tmp_path):
    documents, excluded = corpus_of(folder, TableStore(str(tmp_path)))
    assert len(documents) > 70
    assert not excluded
    assert all(document.trainable and document.retrievable for document in documents)


def test_of_short_notes_with_much_code_only_dumps_are_not_searched(tmp_path):
    documents, excluded = corpus_of("simonw_til", TableStore(str(tmp_path)))
    assert not excluded["duplicate"]
    low = {document.title for document in documents if not document.retrievable}
    assert "Generated a summary of nested JSON data" in low
    assert len(low) <= 0.005 * len(documents)
    assert sum(not document.trainable for document in documents) <= 0.02 * len(documents)
