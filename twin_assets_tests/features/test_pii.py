"""Personal data: what is masked, and above all what is left alone."""

import re

import pytest

from twin_assets.features.pii import PiiPolicy, mask

POLICY = PiiPolicy()
GITHUB = "ghp_" + "aB3dE5fG7h" * 3 + "aB3dE5"
AWS = "AKIA" + "Z7Q4KX2M9P5LT3WB"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to ada@lovelace.org.", "Write to [email]."),
        ("Write to <ada@lovelace.org>, or not", "Write to [email], or not"),
        ("Mail [ada@lovelace.org](mailto:ada@lovelace.org)!", "Mail [email]!"),
        ("Mail [me](mailto:ada@lovelace.org?subject=x)!", "Mail [me](mailto:[email]?subject=x)!"),
        ("`Author: Ada <ada.l+x@mail.lovelace.org>`", "`Author: Ada [email]`"),
        ("```\nuser=ada@lovelace.org\n```", "```\nuser=[email]\n```"),
        ("Call +44 20 7946 0958 at noon", "Call [phone] at noon"),
        ("Call (415) 555-2671 or 415-555-2671", "Call [phone] or [phone]"),
        ("tel. +49 (0)30 901820", "tel. [phone]"),
        ("Card 4539 5787 6362 1486, not mine", "Card [card], not mine"),
        ("amex 3714 496353 98423?", "amex [card]?"),
        ("Pay DE89 3704 0044 0532 0130 00 today", "Pay [iban] today"),
        ("Pay GB82WEST12345698765432.", "Pay [iban]."),
        ("from 47.239.129.149 port 22", "from [ip] port 22"),
        ("v4    37.16.10.138 global", "v4    [ip] global"),
        ("`remote 3.8.11.1`", "`remote [ip]`"),
        ("at 2a09:8280:1::1:3e99 now", "at [ip] now"),
        (f"token {GITHUB}!", "token [secret]!"),
        (f"```\nAWS_ACCESS_KEY_ID={AWS}\n```", "```\nAWS_ACCESS_KEY_ID=[secret]\n```"),
        ("`postgres://ada:9fK2xQ7pLm@db.internal/app`", "`postgres://ada:[secret]@db.internal/app`"),
        ('```py\napi_key = "q8Zr4Tn1Vx7Lp0Ws9Kd2"\n```', '```py\napi_key = "[secret]"\n```'),
        (
            "```\n-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n```",
            "```\n-----BEGIN RSA PRIVATE KEY-----[secret]-----END RSA PRIVATE KEY-----\n```",
        ),
        ("sk-ant-" + "a1B2c3D4e5" * 3, "[secret]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1g", "[secret]"),
    ],
)
def test_personal_data_is_masked(text, expected):
    masked, counts = mask(text, POLICY)
    assert masked == expected
    assert counts.total() == len(re.findall(r"\[(?:email|phone|card|iban|ip|secret)\]", expected))


@pytest.mark.parametrize(
    "text",
    [
        "clone git@github.com:ada/engine.git",
        "user@example.com, foo@bar.example, a@b.test, you@yourdomain.com and root@localhost",
        "![](/img/cat@2x.jpg) and @ada@mastodon.social and npm i left-pad@1.3.0",
        "1234+ada@users.noreply.github.com",
        "`https://ada@lovelace.org/repository`",
        "ISBN 978-0-13-468599-1 and 0-13-468599-1",
        "Between 2020-01-01 and 2021-12-31, 10:30:00.",
        "1609459200 and 1385698199881469954 and 3.14159265358979323846",
        "version 5.2.4.3, v1.22.33.44, sqlite 3.8.11.1 and Chrome/81.0.4044.138",
        "127.0.0.1, 10.0.0.1, 192.168.1.1, 192.0.2.7, 203.0.113.9, 8.8.8.8, 1.2.3.0/24, 0.0.0.0",
        "::1, fe80::1, 2001:db8::7, std::string, Face::Dad, 12:34:56",
        "550e8400-e29b-41d4-a716-446655440000",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "4242 4242 4242 4242 and 4111-1111-1111-1111",
        "Order 4539578763621487 and DE00 3704 0044 0532 0130 00",
        "`postgres://user:password@localhost/db` and `redis://:secret@host.com`",
        "`postgres://app:$PASSWORD@db.com/x` and `https://x:<token>@host.com`",
        '```\npassword = "changeme123456"\napi_key = os.environ["API_KEY_NUMBER_1"]\n```',
        '```\nsecret_key: 550e8400-e29b-41d4-a716-446655440000\ntoken = get_token(user_id_1, "x")\n```',
        "AKIAIOSFODNN7EXAMPLE",
        "`f(415, 555, 2671)` and `415-555-2671`",
        "Tables 1-2-3 and 10-20-30 of 555 1234567",
        "https://example.org/415-555-2671/4539578763621486",
        "the years 1985 1986 1987 1988 and $1,000,000.00",
    ],
)
def test_what_is_not_personal_is_left_alone(text):
    assert mask(text, POLICY) == (text, {})


def test_the_policy_says_what_is_masked():
    text = "ada@lovelace.org or +44 20 7946 0958"
    assert mask(text, PiiPolicy(kinds=("phone",)))[0] == "ada@lovelace.org or [phone]"
    assert mask(text, PiiPolicy(kinds=()))[0] == text
    assert mask("Call 020 7946 0958", PiiPolicy(region="GB"))[0] == "Call [phone]"
    assert mask("Call 020 7946 0958", PiiPolicy(region=""))[0] == "Call 020 7946 0958"


def test_names_that_are_listed_are_masked_outside_of_code_and_addresses():
    policy = PiiPolicy(names=("Ada", "Ada Lovelace"))
    text = "ada lovelace, Ada and Adam in `Ada` at https://ada.example/Ada"
    assert mask(text, policy) == ("[name], [name] and Adam in `Ada` at https://ada.example/Ada", {"name": 2})


def test_a_mask_is_not_masked_again():
    text, _ = mask("ada@lovelace.org, +44 20 7946 0958, 4539 5787 6362 1486", POLICY)
    assert mask(text, POLICY) == (text, {})
