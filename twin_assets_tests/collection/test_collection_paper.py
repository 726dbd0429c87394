from pathlib import Path

import pytest

from twin_assets.collection import registry
from twin_assets.collection.authors import named_in, split_names
from twin_assets.collection.sources import collect
from twin_assets.digests import document_id
from twin_assets.errors import SourceError
from twin_assets_tests.collection.conftest import MakeSource
from twin_assets_tests.collection.papers import document_of, essay, paragraph, take, words_of
from twin_assets_tests.collection.pdf_writer import MARGIN, Paper, Run, write_pdf


@pytest.mark.parametrize("by_rows", [False, True], ids=["written by column", "written by row"])
def test_columns_are_read_one_after_the_other_over_all_pages(by_rows: bool) -> None:
    words = words_of(1500)
    paper = Paper(by_rows=by_rows).full("Two Columns Side by Side", 20).full("Jo Doe").heading("Abstract")
    for start in range(0, len(words), 100):
        paper.paragraph(" ".join(words[start : start + 100]) + ".")
    assert len(paper.pages) > 1
    assert document_of(paper.write()).text.replace(".", "").split() == ["##", "Abstract", *words]


def test_paragraphs_that_a_column_or_a_page_cuts_are_whole() -> None:
    paper = Paper().full("Cut in Two", 20).full("Jo Doe").heading("Abstract")
    texts = [paragraph(70, seed) for seed in range(30)]
    for text in texts:
        paper.paragraph(text)
    assert document_of(paper.write()).text.split("\n\n") == ["## Abstract", *texts]


def test_words_broken_at_the_ends_of_lines_are_made_whole() -> None:
    lines = [
        "We describe how the archi-",
        "tecture of a well-",
        "known harbour, and the long-term",
        "plan for it, follow from long-",
        "term measurements of the tide\u00ad",
        "way and of the Anglo-",
        "Saxon ledger that was kept in it, in shorthand, or a short-",
        "hand of its own.",
    ]
    text = document_of(essay("Jo Doe").paragraph(lines).write()).text
    assert text.endswith(
        "We describe how the architecture of a well-known harbour, and the long-term plan for it, follow from "
        "long-term measurements of the tideway and of the Anglo-Saxon ledger that was kept in it, in shorthand, or a "
        "shorthand of its own."
    )


def test_a_table_of_contents_is_no_prose() -> None:
    runs = [Run(MARGIN, 720, "Harbours", 20)]
    for i, name in enumerate(["First Light", "Second Tide", "Third Stone", "Fourth Ledger"]):
        runs += [Run(MARGIN, 300 - 12 * i, name), Run(200, 300 - 12 * i, ". " * 60), Run(520, 300 - 12 * i, str(i + 1))]
    runs += [Run(MARGIN, 690 - 12 * i, " ".join(words_of(8, i)) + ".") for i in range(20)]
    assert "Tide" not in document_of(write_pdf([runs])).text


def test_ligatures_are_letters() -> None:
    text = document_of(
        essay("Jo Doe").paragraph("An e\ufb03cient \ufb01eld \ufb02ow o\ufb00 the ba\ufb04ed shore.").write()
    ).text
    assert text.endswith("An efficient field flow off the baffled shore.")


def test_headers_footers_and_page_numbers_are_left_out_and_counted() -> None:
    paper = Paper(columns=1, header="Doe: Harbours, page {}", page_numbers=True).full("Harbours", 20).full("Jo Doe")
    paper.heading("Abstract")
    for seed in range(30):
        paper.paragraph(paragraph(80, seed))
    collected = take(paper.write())
    (document,) = collected.documents
    pages = len(paper.pages)
    assert pages > 2
    assert document.text.split("\n\n") == ["## Abstract", *(paragraph(80, seed) for seed in range(30))]
    (exclusion,) = collected.exclusions
    assert exclusion.reason == "not_a_post"
    assert exclusion.detail == f"words that are no prose: {pages * 5} of headers and footers, 2 of the author block"


def test_references_are_left_out_and_the_appendix_is_kept() -> None:
    paper = essay("Jo Doe").heading("References").paragraph("[1] A. Roe. Tides and ledgers. 1999.")
    paper.paragraph("[2] B. Poe. More tides. 2001.").heading("A Proofs").paragraph(paragraph(30, 9))
    collected = take(paper.write())
    text = collected.documents[0].text
    assert "Tides and ledgers" not in text
    assert "References" not in text
    assert text.endswith(f"## A Proofs\n\n{paragraph(30, 9)}")
    assert "14 of the references" in collected.exclusions[0].detail


def test_sections_are_headings_and_code_keeps_its_lines() -> None:
    paper = essay("Jo Doe").paragraph("def f(x):", font="mono").paragraph(["    return x"], font="mono")
    text = document_of(paper.write()).text
    assert text.startswith(f"## Abstract\n\n{paragraph(60, 1)}\n\n## 1 Introduction\n\n")
    assert text.endswith("```\ndef f(x):\n    return x\n```")


@pytest.mark.parametrize("said", ["", "untitled", "main.tex", "Microsoft Word - harbours.docx", "paper"])
def test_the_title_is_that_of_the_first_page_where_metadata_have_none(said: str) -> None:
    document = document_of(essay("Jo Doe").write(Title=said))
    assert document.title == "On the Depth of Harbours"
    assert "On the Depth" not in document.text


def test_the_title_of_the_metadata_comes_first_and_a_file_name_last() -> None:
    assert document_of(essay("Jo Doe").write(Title="Depth, Revisited")).title == "Depth, Revisited"
    plain = Paper(columns=1).paragraph(paragraph(60))
    assert document_of(plain.write(), "notes/deep_harbours-2.pdf").title == "deep harbours 2"


def test_the_date_is_that_of_the_file() -> None:
    published = document_of(essay("Jo Doe").write(CreationDate="D:20240229120000Z")).published_at
    assert published is not None
    assert published.isoformat() == "2024-02-29T12:00:00+00:00"


@pytest.mark.parametrize(
    ("author", "by", "excluded"),
    [
        ("Jo Doe", "Jo Doe", ""),
        ("Doe, Jo", "Jo Doe", ""),
        ("J. D.", "Jo Doe", ""),
        ("user", "Jo Doe", ""),
        ("Ann Roe", "Ann Roe", "guest"),
        ("Ann Roe; Ben Poe", "Ann Roe, Ben Poe", "guest"),
        ("Ann Roe, Jo Doe and Ben Poe", "Ann Roe, Jo Doe, Ben Poe", "coauthored"),
    ],
)
def test_the_names_in_the_metadata_say_whose_words_they_are(author: str, by: str, excluded: str) -> None:
    document = document_of(essay().write(Author=author), own_names=("J. D.",))
    assert (document.by if document.by != "J. D." else "Jo Doe", document.excluded) == (by, excluded)
    assert document.text


@pytest.mark.parametrize(
    ("block", "excluded"),
    [
        ([], ""),
        (["12 March 2024"], ""),
        (["Jo Doe"], ""),
        (["Dr. Jo Doe", "University of Harbours", "jo@example.org"], ""),
        (["Ann Roe", "University of Harbours", "ann@example.org"], "guest"),
        (["Ann Roe1, Ben van Poe2*", "1Tide Institute, 2Ledger Labs"], "guest"),
        (["Ann Roe1 and Jo Doe2", "1Tide Institute, 2Ledger Labs"], "coauthored"),
        (["Ann Roe", "Jo Doe"], "coauthored"),
        (["Jo Doe", "jo@example.org", "Ann Roe", "ann@example.org"], "coauthored"),
    ],
)
def test_without_metadata_the_names_under_the_title_say_whose_words_they_are(block: list[str], excluded: str) -> None:
    assert document_of(essay(*block).write()).excluded == excluded


def test_names_side_by_side_are_several_also_without_an_abstract() -> None:
    runs = [Run(MARGIN, 700, "Harbours", 20), Run(100, 670, "Ann Roe"), Run(300, 670, "Jo Doe")]
    runs += [Run(MARGIN, 600 - 12 * i, " ".join(words_of(8, i)) + ".") for i in range(20)]
    document = document_of(write_pdf([runs]))
    assert (document.by, document.excluded) == ("Ann Roe, Jo Doe", "coauthored")
    assert "Roe" not in document.text


def test_coauthored_papers_are_own_when_the_source_says_so() -> None:
    document = document_of(essay().write(Author="Ann Roe, Jo Doe"), include_coauthored=True)
    assert (document.by, document.excluded) == ("Ann Roe, Jo Doe", "")


def test_a_handle_among_the_own_names_takes_no_text_away() -> None:
    text = "Tidewater and its tides are told of in a ledger of the harbour."
    paper = Paper(columns=1).full("Harbours", 20).paragraph(text).paragraph(paragraph(60))
    assert document_of(paper.write(), own_names=("tide",)).text.startswith(text)


def test_names_are_told_from_places_and_headings() -> None:
    own = ("Jo Doe",)
    assert named_in(["The Early Years", "Technical Report"], own.__contains__, own) == ()
    assert named_in(["Jo Doe", "University of Nowhere", "San Francisco"], own.__contains__, own) == own
    assert split_names(["Doe, Jo; Roe, Ann", "Anonymous", "Ben Poe & Cy Moe"]) == (
        "Jo Doe",
        "Ann Roe",
        "Ben Poe",
        "Cy Moe",
    )


def _stamped(stamp: str, *, turned: bool = True) -> bytes:
    runs = [Run(MARGIN, 700, "Harbours", 20), Run(MARGIN, 670, "Jo Doe"), Run(MARGIN, 640, "Abstract", font="bold")]
    runs += [Run(MARGIN, 600 - 12 * i, " ".join(words_of(8, i)) + ".") for i in range(20)]
    return write_pdf([[*runs, Run(20, 200, stamp, 18, turned=turned) if turned else Run(MARGIN, 100, stamp)]])


@pytest.mark.parametrize(
    ("stamp", "identity", "day"),
    [
        ("arXiv:2401.01234v2 [cs.CL] 3 Jan 2024", "2401.01234", "2024-01-03"),
        ("arXiv:cs/0112017v1  15 Dec 2001", "cs/0112017", "2001-12-15"),
    ],
)
def test_arxivs_stamp_gives_the_id_and_the_date(stamp: str, identity: str, day: str) -> None:
    document = document_of(_stamped(stamp))
    assert (document.native_id, document.url) == (f"arXiv:{identity}", f"https://arxiv.org/abs/{identity}")
    assert document.document_id == document_id("paper", f"arXiv:{identity}")
    assert document.published_at is not None
    assert document.published_at.date().isoformat() == day
    assert "arXiv" not in document.text


def test_another_papers_id_in_a_footnote_is_not_this_ones() -> None:
    assert document_of(_stamped("arXiv:1706.03762 [cs.CL]", turned=False)).native_id == "paper.pdf"


@pytest.mark.parametrize(
    ("name", "info", "native_id"),
    [
        ("2401.01234v2.pdf", {}, "arXiv:2401.01234"),
        ("papers/arXiv-2401.01234v1-marked.pdf", {}, "arXiv:2401.01234"),
        ("2012.0401 notes.pdf", {}, "2012.0401 notes.pdf"),
        ("a.pdf", {"Subject": "https://doi.org/10.48550/arXiv.2401.01234"}, "arXiv:2401.01234"),
        ("a.pdf", {"doi": "10.1145/3580305.3599256."}, "doi:10.1145/3580305.3599256"),
        ("sub/a.pdf", {}, "sub/a.pdf"),
    ],
)
def test_a_papers_id_is_the_most_stable_that_it_names(name: str, info: dict[str, str], native_id: str) -> None:
    assert document_of(essay("Jo Doe").write(**info), name).native_id == native_id


def test_folders_and_archives_of_papers_are_recognized(folder_source: MakeSource, zip_source: MakeSource) -> None:
    files = {"2023/a.pdf": essay("Jo Doe").write(), "b.pdf": essay("Ann Roe").write(), "notes.bib": "@book{}"}
    of_folder, of_zip = (collect(make(files), "Jo Doe") for make in (folder_source, zip_source))
    assert [(d.file, d.excluded) for d in of_folder.documents] == [("2023/a.pdf", ""), ("b.pdf", "guest")]
    assert [d.content_digest for d in of_zip.documents] == [d.content_digest for d in of_folder.documents]
    with pytest.raises(SourceError):
        registry.recognize_names(Path("folder"), ["a.pdf", "data.csv"])
    assert registry.recognize_names(Path("folder"), ["a.pdf", "post.md"]) == "markdown"
