"""Chunks tile the document, fit the window and stay within a section."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin_assets.features.chunk import chunk_documents, embedded_text
from twin_assets.features.markdown_blocks import blocks

PARAGRAPH = "One two three four five six seven. Eight nine ten eleven twelve thirteen! "


def assert_tiles(document, chunks, count_tokens, window):
    covered = [False] * len(document.text)
    for position, chunk in enumerate(chunks):
        assert chunk.position == position
        assert chunk.document_id == document.document_id
        assert chunk.text == document.text[chunk.start : chunk.end]
        assert chunk.text.strip()
        assert chunk.tokens == count_tokens([embedded_text(chunk.heading_path, chunk.text)])[0] <= window
        assert not any(covered[chunk.start : chunk.end])
        covered[chunk.start : chunk.end] = [True] * (chunk.end - chunk.start)
    missed = [c for c, is_covered in zip(document.text, covered, strict=True) if not is_covered]
    assert not "".join(missed).strip()


def test_a_short_post_is_one_chunk(corpus_document, embedder):
    document = corpus_document("Short.\n\nAnd sweet.", title="")
    (chunk,) = chunk_documents([document], embedder.count_tokens, 64)
    assert (chunk.start, chunk.end, chunk.heading_path) == (0, len(document.text), "")


def test_sections_are_never_mixed_and_carry_their_heading_path(corpus_document, embedder):
    text = f"Intro.\n\n# A\n\n## B *b*\n\n{PARAGRAPH}\n\n### C\n\nc\n\n## The title\n\nd\n\n# E"
    chunks = chunk_documents([corpus_document(text)], embedder.count_tokens, 64)
    assert [(c.heading_path, c.text.split("\n")[0]) for c in chunks] == [
        ("The title", "Intro."),
        ("The title > A > B b", "# A"),
        ("The title > A > B b > C", "### C"),
        ("The title > A", "## The title"),
        ("The title > E", "# E"),
    ]


def test_long_paragraphs_are_cut_between_sentences(corpus_document, embedder):
    document = corpus_document(PARAGRAPH * 12)
    chunks = chunk_documents([document], embedder.count_tokens, 48)
    assert_tiles(document, chunks, embedder.count_tokens, 48)
    assert all(chunk.text[-1] in ".!" for chunk in chunks)
    tokens = [chunk.tokens for chunk in chunks]
    assert max(tokens) - min(tokens) < 24


def test_code_that_fits_stays_whole(corpus_document, embedder):
    code = "```python\ndef f(x):\n\n    return x\n```"
    document = corpus_document(f"{PARAGRAPH}\n\n{code}\n\n{PARAGRAPH}")
    chunks = chunk_documents([document], embedder.count_tokens, 40)
    assert_tiles(document, chunks, embedder.count_tokens, 40)
    assert any(code in chunk.text for chunk in chunks)


def test_long_code_is_cut_between_lines_and_keeps_its_indentation(corpus_document, embedder):
    lines = "\n".join(f"    value_{n} = {n}" for n in range(60))
    document = corpus_document(f"```python\n{lines}\n```")
    chunks = chunk_documents([document], embedder.count_tokens, 40)
    assert_tiles(document, chunks, embedder.count_tokens, 40)
    assert all(chunk.text.startswith("    value_") for chunk in chunks[1:])


def test_a_long_list_is_cut_between_items(corpus_document, embedder):
    document = corpus_document("\n".join(f"- item {n} has some words" for n in range(40)))
    chunks = chunk_documents([document], embedder.count_tokens, 40)
    assert_tiles(document, chunks, embedder.count_tokens, 40)
    assert all(chunk.text.startswith("- item") for chunk in chunks)


def test_a_heading_path_longer_than_a_quarter_of_the_window_gives_way(corpus_document, embedder):
    document = corpus_document("# Short\n\nwords " * 3, title="long " * 200)
    chunks = chunk_documents([document], embedder.count_tokens, 32)
    assert_tiles(document, chunks, embedder.count_tokens, 32)
    assert {chunk.heading_path for chunk in chunks} == {"Short"}
    (untitled, *_) = chunk_documents([corpus_document("words", title="long " * 200)], embedder.count_tokens, 32)
    assert 0 < embedder.count_tokens([untitled.heading_path])[0] <= 8


def test_an_empty_document_has_no_chunks(corpus_document, embedder):
    assert chunk_documents([corpus_document(" \n ")], embedder.count_tokens, 32) == []


def worst_case(texts):
    """A tokenizer that is not additive: a joint text has more tokens than its parts."""
    return [2 + len(re.findall(r"\S", text)) + text.count("\n") * 3 for text in texts]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.lists(
        st.sampled_from(
            [
                "word ",
                "Sentence one. ",
                "Two! ",
                "\n",
                "\n\n",
                "# Head\n",
                "```\n",
                "    code\n",
                "- item\n",
                "| a |\n",
                "> q\n",
                "x" * 90,
                "。",
                "\u3000",
                "🙂",
            ]
        )
        | st.text(max_size=12),
        max_size=40,
    ).map("".join),
    window=st.integers(16, 80),
    additive=st.booleans(),
)
def test_chunks_tile_any_text_and_fit_any_window(corpus_document, embedder, text, window, additive):
    count_tokens = embedder.count_tokens if additive else worst_case
    document = corpus_document(text)
    assert_tiles(document, chunk_documents([document], count_tokens, window), count_tokens, window)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["a\n", "\n", "# h\n", "===\n", "---\n", "```\n", "~~~\n", "    c\n", "- i\n", "> q\n", "\t", "x"]
        ),
        max_size=25,
    ).map("".join)
)
def test_blocks_hold_every_character_that_is_not_white_space_once(text):
    outside, at = "", 0
    for block in blocks(text):
        assert at <= block.start < block.end <= len(text)
        outside += text[at : block.start]
        at = block.end
    assert not (outside + text[at:]).strip()


def test_blocks_are_what_a_reader_sees():
    text = "Title\n=====\n\npara\nline\n# Head #\ntext\n```py\n# no head\n\n```\n\n- a\n\n    continued\n\n\n    code\n"
    assert [(b.kind, b.level, text[b.start : b.end]) for b in blocks(text)][:5] == [
        ("heading", 1, "Title\n====="),
        ("text", 0, "para\nline"),
        ("heading", 1, "# Head #"),
        ("text", 0, "text"),
        ("code", 0, "```py\n# no head\n\n```"),
    ]
