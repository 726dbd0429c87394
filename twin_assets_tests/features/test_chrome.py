"""Chrome: paragraphs that say what platforms say go with a reason, what the author says about such things stays."""

import pytest

from twin_assets.features.chrome import without_chrome


@pytest.mark.parametrize(
    ("paragraph", "reason"),
    [
        ("We use cookies to give you the best experience.", "cookie"),
        ("By continuing to browse this site you agree to our use of cookies.", "cookie"),
        ("*This was originally published in [Some Journal](https://x.org) on Medium.*", "footer"),
        ("Originally published at [example.org](https://example.org/a) on May 3, 2021.", "footer"),
        ("This post first appeared on the Acme blog.", "footer"),
        ("Thanks for reading Letters! Subscribe for free to receive new posts.", "subscribe"),
        ("Letters is a reader-supported publication. To support my work, become a subscriber.", "subscribe"),
        ("Subscribe to get new posts by e-mail", "subscribe"),
        ("Sign up to receive my weekly letters in your inbox.", "subscribe"),
        ("[Subscribe now](https://x.org/subscribe)", "subscribe"),
        ("You're receiving this email because you signed up.", "subscribe"),
        ("[Share](https://x.org/share)", "share"),
        ("Share this post", "share"),
        ("[Leave a comment](https://x.org/c)", "share"),
        ("12 likes · 3 comments", "share"),
        ("Follow me on Twitter, LinkedIn and Mastodon.", "share"),
        ("If you enjoyed this, please share it with a friend.", "share"),
        ("[← Previous post](/a)", "navigation"),
        ("[Home](/) | [About](/about) | [Archive](/archive)", "navigation"),
        ("- [Home](/)\n- [About](/about)\n- [RSS](/rss)", "navigation"),
        ("Back to top ↑", "navigation"),
        ("5 min read", "navigation"),
        ("Sent from my iPhone", "signature"),
        ("View this post on Instagram", "embed"),
        ("[embed]https://youtu.be/x[/embed]", "embed"),
    ],
)
def test_what_a_platform_says_goes_with_its_reason(paragraph, reason):
    text, removals = without_chrome(f"Words before.\n\n{paragraph}\n\nWords after.")
    assert text == "Words before.\n\nWords after."
    assert [(r.reason, r.text) for r in removals] == [(reason, paragraph)]


@pytest.mark.parametrize(
    "paragraph",
    [
        "I used to share this view, and then I did not.",
        "Cookies are small files that a browser keeps, and they are older than most people think.",
        "The essay was originally published in a zine, and nobody read it until a teacher found it in a drawer. "
        "That is how I learned that print lasts, which surprised me more than it should have at my age then.",
        "Share:",
        "Next, we install it.",
        "Like most people, I follow advice badly.",
        "Home is where the server is.",
        "Subscribe is a method of Observable.",
        "Sign up to get a feel for it, then read the source.",
        "Comments?",
        "> Share this post",
        "| Home | About |\n| --- | --- |",
        "```\nShare this post\n```",
        "## Read more",
        "Read more books than you buy.",
        "#hashtags in a sentence stay, like #this one.",
    ],
)
def test_what_the_author_says_stays(paragraph):
    text = f"Words before.\n\n{paragraph}\n\nWords after."
    assert without_chrome(text) == (text, [])


def test_the_signature_of_a_mail_goes_and_a_rule_stays():
    text, removals = without_chrome("Body of a mail.\n\n-- \nAda\nhttps://ada.example")
    assert text == "Body of a mail."
    assert [r.reason for r in removals] == ["signature"]
    rule = "Before.\n\n---\n\nAfter."
    assert without_chrome(rule) == (rule, [])


def test_hashtags_in_code_at_the_end_are_code():
    text = "Run it:\n\n```\n#one #two\n```"
    assert without_chrome(text) == (text, [])


def test_a_placeholder_of_a_picture_goes():
    text, removals = without_chrome("Look at this pic.twitter.com/AbC123")
    assert text == "Look at this"
    assert [r.reason for r in removals] == ["embed"]
