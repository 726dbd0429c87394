"""BM25 over several columns, from the best chunks of each."""

from hypothesis import given
from hypothesis import strategies as st

from twin_assets.features.index import TEXT_COLUMNS, build_indexes
from twin_assets.records import ChunkEmbedding
from twin_assets.retrieval.queries import Found, by_text, summed


def found(**scores):
    ordered = sorted(scores.items(), key=lambda entry: -entry[1])
    return Found(None, [chunk for chunk, _ in ordered], [score for _, score in ordered])


def test_scores_of_the_columns_are_added():
    assert summed([found(a=5.0, b=4.0), found(b=3.0, c=1.0)], 10) == {"b": 7.0, "a": 5.0, "c": 1.0}


def test_what_a_full_list_leaves_out_has_half_of_its_lowest():
    assert summed([found(a=5.0, b=4.0), found(b=3.0)], 2) == {"b": 7.0, "a": 5.0}
    assert summed([found(a=5.0, b=4.0), found(c=3.0, b=2.0)], 2) == {"a": 6.0, "b": 6.0, "c": 5.0}


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.floats(0.1, 9), st.floats(0.1, 9)), min_size=1),
    st.integers(1, 8),
)
def test_the_estimate_is_never_further_off_than_half_of_the_lowest_scores_that_were_found(scores, limit):
    columns = [found(**{chunk: pair[column] for chunk, pair in scores.items()}) for column in (0, 1)]
    cut = [Found(None, column.chunk_ids[:limit], column.values[:limit]) for column in columns]
    bound = sum(column.values[-1] for column in cut) / 2
    for chunk, estimate in summed(cut, limit).items():
        assert abs(estimate - sum(scores[chunk])) <= bound + 1e-9


def test_stop_words_and_other_forms_of_a_word_are_found(write, store):
    write({"text": "It works!"}, {"text": "Running tests"}, {"text": "nothing of the kind"})
    build_indexes(store, 4)
    table = store.open(ChunkEmbedding)
    column = TEXT_COLUMNS[0]
    assert by_text(table, ["it"], column, None, 5).chunk_ids == ["c0"]
    assert by_text(table, ["run", "test"], column, None, 5).chunk_ids == ["c1"]
    assert by_text(table, [], column, None, 5).chunk_ids == []


def test_bm25_is_of_one_column_alone(write, store):
    write({"text": "zymurgy", "heading_path": "Yeast"}, {"text": "yeast", "heading_path": "Zymurgy"})
    build_indexes(store, 4)
    table = store.open(ChunkEmbedding)
    for column, chunk in zip(TEXT_COLUMNS, ("c0", "c1"), strict=True):
        only = by_text(table, ["zymurgy"], column, None, 5)
        assert only.chunk_ids == [chunk]
