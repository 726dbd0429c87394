"""Folding: what is one document, which one is kept, and what is remembered of the others."""

import random
from datetime import UTC, datetime

from twin_assets.features.fold import fold

WORDS = [f"word{n}" for n in range(400)]
ARTICLE = " ".join(random.Random(1).choices(WORDS, k=300))
OTHER = " ".join(random.Random(2).choices(WORDS, k=300))


def day(number):
    return datetime(2024, 1, number, tzinfo=UTC)


def test_the_same_words_are_one_document_that_remembers_the_others(cleaned):
    blog = cleaned("blog", ARTICLE, published_at=day(3), source="blog")
    letter = cleaned("letter", ARTICLE.upper().replace(" ", "\n"), published_at=day(2), source="newsletter", title="")
    folded = fold([blog, letter, cleaned("other", OTHER)], 0.5)
    assert len(folded.documents) == 2
    kept = next(d for d in folded.documents if d.folded_ids)
    assert kept.document_id == letter.document_id
    assert kept.folded_ids == (blog.document_id,)
    assert kept.urls == (letter.url, blog.url)
    assert kept.sources == ("newsletter", "blog")
    assert kept.title == "Blog"
    (exclusion,) = folded.exclusions
    assert (exclusion.stage, exclusion.reason, exclusion.source) == ("corpus", "duplicate", "blog")
    assert exclusion.document_id == blog.document_id
    assert letter.document_id in exclusion.detail


def test_an_edited_copy_is_folded_and_the_longer_of_one_day_kept(cleaned):
    edited = cleaned("edited", ARTICLE.replace("word7 ", "changed ") + " and a closing sentence")
    folded = fold([cleaned("first", ARTICLE), edited], 0.5)
    assert [d.document_id for d in folded.documents] == [edited.document_id]
    assert "% of the shingles" in folded.exclusions[0].detail


def test_half_the_text_is_not_a_copy_where_the_threshold_says_so(cleaned):
    half = " ".join(ARTICLE.split()[:150]) + " " + " ".join(OTHER.split()[:150])
    pair = [cleaned("a", ARTICLE), cleaned("b", half)]
    assert len(fold(pair, 0.5).documents) == 2
    assert len(fold(pair, 0.2).documents) == 1


def test_a_post_that_an_article_contains_stays_a_document(cleaned):
    post = cleaned("post", " ".join(ARTICLE.split()[:60]))
    assert len(fold([cleaned("article", ARTICLE), post], 0.5).documents) == 2


def test_short_posts_are_one_only_when_they_are_equal(cleaned):
    posts = [
        cleaned("a", "Good morning, everyone!"),
        cleaned("b", "good morning everyone"),
        cleaned("c", "Good morning, all!"),
    ]
    folded = fold(posts, 0.1)
    assert len(folded.documents) == 2
    assert len(folded.exclusions) == 1


def test_two_comments_on_one_long_quotation_are_two_documents(cleaned):
    quote = "\n".join(f"> {line}" for line in (ARTICLE[:600], ARTICLE[600:]))
    first = cleaned("first", f"{OTHER[:400]}\n\n{quote}")
    second = cleaned("second", f"{OTHER[500:900]}\n\n{quote}")
    assert len(fold([first, second], 0.3).documents) == 2
    bare = [cleaned(name, f"{word}\n\n{quote}") for name, word in (("x", "This."), ("y", "Exactly."))]
    assert len(fold(bare, 0.3).documents) == 2


def test_a_private_copy_is_folded_into_the_public_one_even_when_it_is_older(cleaned):
    private = cleaned("private", f"{ARTICLE} and a secret", scope="private", published_at=day(1))
    public = cleaned("public", ARTICLE, published_at=day(9))
    (document,) = fold([private, public], 0.5).documents
    assert (document.document_id, document.scope, document.text) == (public.document_id, "public", ARTICLE)


def test_the_result_does_not_depend_on_the_order(cleaned):
    documents = [
        cleaned(
            f"d{n}", ARTICLE if n % 3 == 0 else f"{OTHER} {n}" if n % 3 == 1 else f"{n} " + " ".join(WORDS[n : n + 50])
        )
        for n in range(12)
    ] + [cleaned("undated", ARTICLE, published_at=None)]
    expected = fold(documents, 0.5)
    for seed in range(5):
        shuffled = random.Random(seed).sample(documents, len(documents))
        again = fold(shuffled, 0.5)
        assert again.documents == expected.documents
        assert sorted(e.exclusion_id for e in again.exclusions) == sorted(e.exclusion_id for e in expected.exclusions)
    assert not any(d.published_at is None for d in expected.documents)


def test_nothing_to_fold(cleaned):
    assert fold([], 0.5).documents == []
    (document,) = fold([cleaned("a", ARTICLE, url="")], 0.5).documents
    assert (document.url, document.urls, document.folded_ids) == ("", (), ())
