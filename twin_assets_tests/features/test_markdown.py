"""Markdown: what goes, what stays, and that code is never touched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.features.markdown import clean_markdown
from twin_assets.features.markdown_blocks import code_spans


@pytest.mark.parametrize(
    ("text", "expected", "reasons"),
    [
        ('a ![alt (x)](/img/a_(1).png "t") b', "a  b", ["image"]),
        ("[![alt](a.png)](https://x.org) text", " text", ["image"]),
        ("![alt][ref] text", " text", ["image"]),
        ("![[vault.png]] text", " text", ["image"]),
        ('{% include figure.html src="a.png" %}\ntext', "text", ["template_tag"]),
        ('{{< figure src="a.png" >}}\ntext', "text", ["template_tag"]),
        ("{{% notice %}}\nkept words\n{{% /notice %}}", "kept words", ["template_tag", "template_tag"]),
        ("see [the post]({% post_url 2020-01-01-a %})", "see the post", ["template_tag"]),
        ("a <!-- hidden --> b", "a  b", ["comment"]),
        ("<script>alert(1)</script>text", "text", ["embed"]),
        ("## Keys (#keys)\n\ntext", "## Keys\n\ntext", ["attributes"]),
        ("## Keys {#keys}\n\ntext", "## Keys\n\ntext", ["attributes"]),
        ("- one\n- two\n{: .toc}", "- one\n- two", ["attributes"]),
        ('<div class="a">\n<em>so</em> <abbr title="x">SPF</abbr><br>on\n</div>', "*so* SPF\non", []),
        ('<a href="https://x.org">x</a> and <https://y.org>', "[x](https://x.org) and <https://y.org>", []),
        ("2<sup>53</sup> on the 1<sup>st</sup>, CO<sub>2</sub>", "2^53 on the 1st, CO2", []),
        ("a < b and List<T> stay", "a < b and List<T> stay", []),
        (r"a \<b> tag, \{{ braces }} and \![x](y) stay", r"a \<b> tag, \{{ braces }} and \![x](y) stay", []),
        ("> quoted\n> words\n\nown", "> quoted\n> words\n\nown", []),
        ("text[^1]\n\n[^1]: a note", "text[^1]\n\n[^1]: a note", []),
        ("one line\nbroken by hand\n\nnext", "one line\nbroken by hand\n\nnext", []),
    ],
)
def test_markdown_keeps_words_and_structure_only(text, expected, reasons):
    cleaned, removals = clean_markdown(text)
    assert cleaned == expected
    assert [removal.reason for removal in removals] == reasons


CODE = "```html\n<div>{{ x }} ![a](b)</div>   \n\n\n\n<!-- kept -->\n```"


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"~~~\n{CODE}\n~~~",
        "- item\n\n  " + CODE.replace("\n", "\n  "),
        "text\n\n    {{ indented }} <b>\n\n    ![a](b)",
        "in `{{ a }}` and ``<b>`x`</b>`` line",
        "````\n```\n{{ x }}\n```\n````",
    ],
)
def test_code_is_kept_byte_for_byte(text):
    assert clean_markdown(text) == (text, [])


def test_jekyll_and_hugo_highlighting_become_fences():
    jekyll = "a\n\n{% highlight ruby linenos %}\nputs '{{ x }}'\n{% endhighlight %}\n\nb"
    assert clean_markdown(jekyll) == ("a\n\n```ruby\nputs '{{ x }}'\n```\n\nb", [])
    hugo = '{{< highlight go "linenos=table" >}}\nx := 1\n{{< /highlight >}}'
    assert clean_markdown(hugo) == ("```go\nx := 1\n```", [])


def test_html_blocks_become_markdown():
    table = "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
    assert clean_markdown(f"before\n\n{table}\n\nafter")[0] == "before\n\n| a |\n| --- |\n| 1 |\n\nafter"
    pre = '<pre><code class="language-sh">a &lt; b\n  c</code></pre>'
    assert clean_markdown(pre)[0] == "```sh\na < b\n  c\n```"
    assert clean_markdown("<blockquote>theirs</blockquote>\n\nmine")[0] == "> theirs\n\nmine"


FRAGMENTS = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "`",
        "```\n",
        "\n",
        "\n\n",
        "    ",
        "<b>",
        "</b>",
        "<pre>",
        "</pre>",
        "<!--",
        "-->",
        "![",
        "](",
        ")",
        "[",
        "]",
        "> ",
        "- ",
        "# ",
        "word ",
        "(#a)",
        "{: x}",
        "<table>",
        "</table>",
        "<td>",
        "é",
        "\u200b",
        "~~~\n",
        "<br>",
    ]
)


@settings(max_examples=250, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_cleaning_markdown_twice_changes_nothing(text):
    once, _ = clean_markdown(text)
    assert clean_markdown(once)[0] == once


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r`"), max_size=80),
    st.lists(FRAGMENTS, max_size=8),
)
def test_a_fenced_block_survives_whatever_is_in_it(code, before):
    block = f"```\n{code}\n```"
    text = "plain words\n\n" + block + "\n\nmore words"
    cleaned, _ = clean_markdown(text)
    assert block in cleaned
    assert [cleaned[a:b] for a, b in code_spans(cleaned)][:1] == [block]
