"""The language of a document, and saying nothing where there is too little to tell."""

import pytest

from twin_assets.features.language import language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I finally got around to writing about this, and it took longer than I thought.", "en"),
        ("Ich habe endlich darüber geschrieben, und es hat länger gedauert als gedacht.", "de"),
        ("J'ai enfin écrit à ce sujet, et cela a pris plus de temps que je ne pensais.", "fr"),
        ("Por fin escribí sobre esto, y tardé más de lo que pensaba.", "es"),
        ("Наконец-то я написал об этом, и это заняло больше времени.", "ru"),
        ("やっとこれについて書きました。", "ja"),
        ("סוף סוף כתבתי על זה, וזה לקח יותר זמן ממה שחשבתי.", "he"),
    ],
)
def test_the_language_of_a_sentence(text, code):
    found, confidence = language(text)
    assert found == code
    assert 0.5 <= confidence <= 1


@pytest.mark.parametrize(
    "text", ["", "ok", "😀 😀", "https://example.org/ein/deutscher/artikel", "@someone #berlin", "12:30"]
)
def test_too_little_to_tell_is_no_language(text):
    assert language(text) == ("", 0.0)


def test_code_and_addresses_are_no_words_of_a_language():
    code = "```python\n" + "for value in values: print(value if value else None)\n" * 30 + "```"
    assert language(f"{code}\n\nDas ist ein Beispiel dafür, wie man eine Liste ausgibt.")[0] == "de"
