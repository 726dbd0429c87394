"""Passwords, keys and tokens in text and code, by the patterns and heuristics of detect-secrets."""

import re
from collections.abc import Iterator
from functools import cache

_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----((?!\[secret\]).+?)"
    r"(?=-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)",
    re.DOTALL,
)
_LONG = re.compile(r"[\w\-+/=.:@]{16,}")
"""Any secret of a known shape is in a run of so many characters."""
_DETECTORS = (
    ("aws", "AWSKeyDetector", ""),
    ("azure_storage_key", "AzureStorageKeyDetector", "AccountKey="),
    ("basic_auth", "BasicAuthDetector", "://"),
    ("discord", "DiscordBotTokenDetector", ""),
    ("github_token", "GitHubTokenDetector", "_"),
    ("gitlab_token", "GitLabTokenDetector", "-"),
    ("jwt", "JwtTokenDetector", "eyJ"),
    ("mailchimp", "MailchimpDetector", "-us"),
    ("openai", "OpenAIDetector", "sk-"),
    ("pypi_token", "PypiTokenDetector", "pypi-"),
    ("sendgrid", "SendGridDetector", "SG."),
    ("slack", "SlackDetector", ""),
    ("square_oauth", "SquareOAuthDetector", "sq0"),
    ("stripe", "StripeDetector", "k_live_"),
    ("telegram_token", "TelegramBotTokenDetector", ":"),
    ("twilio", "TwilioKeyDetector", ""),
)
"""Module and class in detect-secrets, and what any text with such a secret contains. Left out are those whose patterns
find words of prose (Artifactory, IBM, SoftLayer, Cloudant)."""
_LATER = (
    r"github_pat_\w{60,}",
    r"sk-(?:ant|proj|svcacct|or-v1)-[\w-]{20,}",
    r"AIza[\w-]{35}",
    r"hf_[A-Za-z]{34}",
    r"npm_[A-Za-z0-9]{36}",
    r"xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{32,}",
    r"(?:r|s)k_test_[0-9a-zA-Z]{24,}",
    r"whsec_[A-Za-z0-9+/=]{24,}",
    r"dop_v1_[a-f0-9]{64}",
)
"""Prefixes of tokens that came after detect-secrets' last release."""
_ASSIGNED = re.compile(
    r"""(?i)(?:api|auth|access|private|service|account|client|secret|signing|encryption)[_-]?key[\w-]*["'\]]{0,2}\s*"""
    r"""(?:=>|:=|=|:)\s*(?P<quote>["']?)(?P<key>[^\s"'`<>{}()$,;]{16,})(?P=quote)"""
    r"""|(?:secret|passw(?:or)?d|passwd|pwd|token)[\w-]*["'\]]{0,2}\s*(?:=>|:=|=|:)\s*"""
    r"""(?P<quote_>["'])(?P<quoted>[^\s"'`<>{}()$]{8,})(?P=quote_)"""
    r"""|(?:SECRET|PASSWORD|TOKEN|API_KEY)[A-Z_]*=(?P<env>[^\s"'`<>{}()$&,;]{16,})"""
)
_NAMES = ("key", "secret", "passw", "pwd", "token")
_REST = re.compile(r"(?:[.]?[\w\-+/=~])*")
"""What follows within one token: the patterns end at the least length."""
_PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|your|changeme|redacted|dummy|sample|fake|xxx|\.\.\.|\*\*\*|pass(?:word|wd)?|secret|hunter2"
    r"|foobar|test|abcdef|123456|\[secret\]"
)
_LEAST_ENTROPY = 3.0
"""Bits a character: below it, a value is a word or a pattern."""


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """The spans `[start, end)` of secrets of a known shape: keys and tokens, passwords in URLs, private keys.

    What documentation writes in a secret's place (`AKIAIOSFODNN7EXAMPLE`, `user:password@host`) is none.
    """
    if not _LONG.search(text):
        return
    for found in _KEY_BLOCK.finditer(text):
        yield found.span(1)
    for pattern, group, hint in _patterns():
        for found in pattern.finditer(text) if hint in text else ():
            start, end = found.span(group)
            if not group:
                if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
                    continue
                rest = _REST.match(text, end)
                end = rest.end() if rest else end
            if not _is_placeholder(text[start:end], found[0]):
                yield start, end


def assigned_secrets(code: str) -> Iterator[tuple[int, int]]:
    """The spans `[start, end)` of values in code that look random and are assigned to names such as `api_key`."""
    if not any(name in code.lower() for name in _NAMES):
        return
    for found in _ASSIGNED.finditer(code):
        name = next(group for group in ("key", "quoted", "env") if found[group] is not None)
        if _is_random(found[name]):
            yield found.span(name)


def _is_placeholder(value: str, context: str) -> bool:
    if "://" in context:
        # A password in a URL: a word is one that documentation writes, or the name of the user again.
        return _PLACEHOLDER.search(value) is not None or not _is_mixed(value) or context.count(value) > 1
    return "example" in value.lower() or len(set(value)) < 8


def _is_mixed(value: str) -> bool:
    return len(value) >= 6 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _is_random(value: str) -> bool:
    from detect_secrets.filters import heuristic
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString

    if _PLACEHOLDER.search(value) or not _is_mixed(value) or ("/" in value and value.count(".") > 1):
        return False
    if heuristic.is_potential_uuid(value) or heuristic.is_sequential_string(value):
        return False
    if heuristic.is_templated_secret(value) or heuristic.is_prefixed_with_dollar_sign(value):
        return False
    return bool(Base64HighEntropyString().calculate_shannon_entropy(value) >= _LEAST_ENTROPY)


@cache
def _patterns() -> list[tuple[re.Pattern[str], int, str]]:
    """Compiled patterns, the group of each that is the secret (0: all of it), and what a text with one contains."""
    from importlib import import_module

    found = []
    for module, detector, hint in _DETECTORS:
        for pattern in getattr(import_module(f"detect_secrets.plugins.{module}"), detector)().denylist:
            in_group = detector == "BasicAuthDetector" or (detector == "AWSKeyDetector" and pattern.groups)
            found.append((pattern, int(in_group), hint))
    return [*found, *((re.compile(pattern), 0, "") for pattern in _LATER)]
