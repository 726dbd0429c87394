"""Which files of a repository are the author's, and what becomes of them."""

from pathlib import Path

import pytest

from twin_assets.digests import document_id
from twin_assets.errors import SourceError
from twin_assets.features.clean import CleaningPolicy, clean
from twin_assets_tests.collection.git_repositories import MAX, Repository, collected, day

CODE = "def add(a, b):\n    return a + b\n"
LINES = "".join(f"line_{number} = {number}\n" for number in range(10))


def test_readmes_documents_and_own_code_are_documents(repository: Repository) -> None:
    repository.commit(
        {
            "README.md": "# Adder\n\nIt adds two numbers.\n",
            "docs/guide.rst": "Guide\n=====\n\nAdd two numbers.\n",
            "docs/notes.txt": "A note on adding.\n",
            "notes/adding.md": "Just words on adding.\n",
            "src/add.py": CODE,
            "Makefile": "all:\n\techo add\n",
        }
    )
    found = collected(repository.path)
    assert {(d.file, d.media_type, d.title) for d in found.documents.values()} == {
        ("README.md", "text/markdown", "Adder"),
        ("docs/guide.rst", "text/plain", "docs/guide.rst"),
        ("docs/notes.txt", "text/plain", "docs/notes.txt"),
        ("notes/adding.md", "text/markdown", "notes/adding.md"),
        ("src/add.py", "text/markdown", "src/add.py"),
        ("Makefile", "text/markdown", "Makefile"),
    }
    assert found.documents["src/add.py"].text == f"```python\n{CODE}```"
    assert found.documents["Makefile"].text == "```make\nall:\n\techo add\n```"
    assert all(d.by == "Jo Doe" and d.published_at == day(2) for d in found.documents.values())
    assert found.reasons == {}


def test_code_survives_cleaning_byte_for_byte(repository: Repository) -> None:
    code = '"""\n````\nfour\n````\n"""\n\n\n\n# <b>{{ x }}</b>   \n\tname = "ﬁ\u00a0\u200bx"  \n~~~\n![a](b)\n'
    repository.commit({"a.py": code})
    document = collected(repository.path).documents["a.py"]
    cleaned, _ = clean(document, CleaningPolicy(min_words=1))
    assert cleaned is not None
    assert cleaned.text == f"`````python\n{code}`````"


def test_only_what_is_checked_in_is_read(repository: Repository) -> None:
    repository.commit({"a.py": CODE})
    (repository.path / "a.py").write_text("changed = 1\n")
    (repository.path / "b.py").write_text("added = 1\n")
    (repository.path / ".mailmap").write_text("Max Roe <max@example.org> <jo@example.org>\n")
    found = collected(repository.path)
    assert list(found.documents) == ["a.py"]
    assert found.documents["a.py"].text == f"```python\n{CODE}```"


def test_files_are_the_authors_from_half_of_their_lines(repository: Repository) -> None:
    repository.commit({"own.py": LINES, "half.py": LINES[:44], "theirs.py": "one = 1\n"})
    repository.commit({"half.py": LINES[:44] + "four = 4\nfive = 5\nsix = 6\nseven = 7\n"}, by=MAX)
    repository.commit({"theirs.py": "one = 1\n" + LINES, "alone.py": LINES, "mostly.py": LINES}, by=MAX)
    repository.commit({"mostly.py": LINES + "ten = 10\n"})
    found = collected(repository.path)
    assert set(found.documents) == {"own.py", "half.py"}
    assert found.reasons == {"theirs.py": "others_code", "alone.py": "others_code", "mostly.py": "others_code"}
    assert found.details["theirs.py"] == "9% of its lines are the author's"
    assert found.details["alone.py"] == "0% of its lines are the author's"
    exclusion = next(i for i in found.items if i.file == "alone.py")
    native = f"local:{repository.git('rev-list', '--max-parents=0', 'HEAD')}/alone.py"
    assert exclusion.document_id == document_id("git", native)


def test_lines_that_another_person_only_indented_or_moved_stay_the_authors(repository: Repository) -> None:
    block = "".join(f"    value_{number} = compute({number}, 'some longer text')\n" for number in range(8))
    repository.commit({"a.py": f"def first():\n{block}"})
    indented = "".join(f"    {line}\n" for line in block.splitlines())
    repository.commit({"a.py": f"class A:\n    def first():\n{indented}"}, by=MAX)
    assert "a.py" in collected(repository.path).documents


def test_the_author_is_known_by_any_own_name_or_address(repository: Repository) -> None:
    repository.commit({"a.py": CODE}, by=("jd", "12345+jodoe@users.noreply.github.com"))
    repository.commit({"b.py": CODE}, by=("JO  DOE", "old@example.org"))
    repository.commit({"c.py": CODE}, by=("j", "J.Doe@Work.example"))
    repository.commit({"d.py": CODE}, by=MAX)
    found = collected(repository.path, own_names=("jodoe", "j.doe@work.example"))
    assert set(found.documents) == {"a.py", "b.py", "c.py"}


def test_a_mailmap_that_is_checked_in_says_who_is_who(repository: Repository) -> None:
    repository.commit({"a.py": CODE, ".mailmap": "Jo Doe <jo@example.org> <root@localhost>\n"}, by=MAX)
    repository.commit({"b.py": CODE}, by=("root", "root@localhost"))
    repository.commit({"b.py": f"{CODE}x = 1\n"}, by=MAX)
    assert set(collected(repository.path).documents) == {"b.py"}


def test_without_a_commit_of_the_author_the_committers_are_named_but_not_their_addresses(
    repository: Repository,
) -> None:
    people = [MAX, ("Ann", "ann@example.org"), ("Bo", "bo@example.org"), ("Cy", "cy@example.org")]
    for number, person in enumerate(people):
        for change in range(len(people) - number):
            repository.commit({f"{number}.py": f"x = {change}\n"}, by=person)
    with pytest.raises(SourceError) as raised:
        collected(repository.path)
    assert "'Max Roe', 'Ann', 'Bo' and others" in raised.value.what
    assert "`own_names` of source 'code'" in raised.value.remedy
    assert "@" not in str(raised.value)


def test_the_last_own_change_is_when_a_file_was_published(repository: Repository) -> None:
    repository.commit({"a.py": LINES, "b.py": LINES})
    repository.commit({"a.py": LINES + "ten = 10\n"})
    repository.commit({"a.py": LINES + "ten = 11\n", "b.py": LINES + "x = 1\n"}, by=MAX)
    found = collected(repository.path)
    assert {d.file: d.published_at for d in found.documents.values()} == {"a.py": day(3), "b.py": day(2)}


def test_a_renamed_file_keeps_its_author_and_its_date(repository: Repository) -> None:
    repository.commit({"old.py": LINES})
    repository.git("mv", "old.py", "new.py")
    repository.commit({}, by=MAX)
    repository.commit({"old.py": "another = 1\n"}, by=MAX)
    found = collected(repository.path)
    assert {d.file: d.published_at for d in found.documents.values()} == {"new.py": day(2)}
    assert found.reasons == {"old.py": "others_code"}


def test_code_that_came_in_with_another_history_is_not_the_authors(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": CODE})
    other = Repository.create(tmp_path / "other")
    other.commit({"b.py": LINES}, by=MAX)
    repository.git("fetch", "--quiet", str(other.path), "main")
    repository.git("merge", "--quiet", "--allow-unrelated-histories", "-s", "ours", "--no-commit", "FETCH_HEAD")
    repository.git("read-tree", "--prefix=lib/", "-u", "FETCH_HEAD")
    repository.commit({})
    repository.commit({"lib/b.py": LINES + "ten = 10\n"})
    found = collected(repository.path)
    assert set(found.documents) == {"a.py"}
    assert found.reasons == {"lib/b.py": "others_code"}
