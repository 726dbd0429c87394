"""Speed and memory of collecting large archives, against the least that reading them can cost.

    python benchmarks/collection.py [--runs 5] [--posts 50000] [--letters 5000]

Builds an X archive and a Substack export from a fixed seed, and parses each in a process of its own: once through
`twin_assets.collection.collect`, once by the plain parser of its format (`json.loads` of the array; `csv.reader` and
reading each page). The two take turns, so that a machine shared with others slows both; medians are shown. Rates and
the ratio are by the processor's time, which the machine's other work changes least; the time that passed stands beside.
"""

import argparse
import csv
import io
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
SEED = 7
POSTS, LETTERS = 50_000, 5_000
ACCOUNT = "77"
_COMMON = (
    "the a of to and in is it that was for on are with as at be this have from or had by but some what there we can "
    "out other were all your when up use word how said each which their time will way about many then them would "
    "naïve café 東京 😀 writing systems reliable latency database parsing archive measure honest improvement"
)
WORDS = _COMMON.split()
START = datetime(2012, 3, 1, 8, tzinfo=UTC)


def build_x(path: Path, posts: int) -> None:
    """An X archive: one post in twenty is passed on, two in five answer others, one in ten continues a thread."""
    chance = random.Random(SEED)  # noqa: S311
    account = [{"account": {"accountId": ACCOUNT, "username": "jo"}}]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/account.js", f"window.YTD.account.part0 = {json.dumps(account)}")
        # Written one by one: the peak memory that a process is charged with begins with that of its parent.
        with archive.open("data/tweets.js", "w") as file:
            file.write(b"window.YTD.tweets.part0 = [")
            for number, tweet in enumerate(_tweets(chance, posts)):
                body = json.dumps({"tweet": tweet}, indent=2, ensure_ascii=False)
                file.write(f"{',' if number else ''}\n{body}".encode())
            file.write(b"\n]")


def _tweets(chance: random.Random, posts: int) -> Iterator[dict[str, Any]]:
    own: list[str] = []
    for number in range(posts):
        identity = str(10**15 + number * 4099)
        moment = START + timedelta(minutes=47 * number)
        text = " ".join(chance.choices(WORDS, k=chance.randint(5, 45)))
        short = f"https://t.co/{number:010d}"
        share = chance.random()
        tweet: dict[str, Any] = {
            "edit_info": {
                "initial": {
                    "editTweetIds": [identity],
                    "editableUntil": moment.isoformat(),
                    "editsRemaining": "5",
                    "isEditEligible": True,
                }
            },
            "retweeted": False,
            "source": '<a href="https://mobile.example.org" rel="nofollow">Web App</a>',
            "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
            "display_text_range": ["0", str(len(text))],
            "favorite_count": str(chance.randint(0, 40)),
            "id_str": identity,
            "truncated": False,
            "retweet_count": str(chance.randint(0, 9)),
            "id": identity,
            "created_at": moment.strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "favorited": False,
            "lang": "en",
        }
        if share < 0.05:
            text = f"RT @other{number % 97}: {text}"
        elif share < 0.45:
            name = f"reader{number % 1009}"
            text = f"@{name} {text}"
            tweet["in_reply_to_status_id_str"] = str(5 * 10**14 + number)
            tweet["in_reply_to_user_id_str"] = str(1000 + number % 1009)
            tweet["in_reply_to_screen_name"] = name
            tweet["entities"]["user_mentions"].append(
                {"name": name, "screen_name": name, "indices": ["0", str(len(name))], "id_str": "1000", "id": "1000"}
            )
        elif share < 0.55 and own:
            tweet["in_reply_to_status_id_str"] = own[-1]
            tweet["in_reply_to_user_id_str"] = ACCOUNT
            own.append(identity)
        else:
            own.append(identity)
        if chance.random() < 0.3:
            text = f"{text} &amp; more {short}"
            target = f"https://example.org/articles/{number}"
            tweet["entities"]["urls"].append(
                {"url": short, "expanded_url": target, "display_url": target[8:30], "indices": ["10", "33"]}
            )
        tweet["full_text"] = text
        yield tweet


def build_substack(path: Path, letters: int) -> None:
    """A Substack export of letters of about 800 words."""
    chance = random.Random(SEED)  # noqa: S311
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["post_id", "post_date", "is_published", "email_sent_at", "type", "audience", "title", "subtitle"])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(letters):
            day = (START + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            name = f"{100_000 + number}.letter-{number}"
            writer.writerow([name, day, "true", day, "newsletter", "everyone", f'Letter "{number}", again', ""])
            archive.writestr(f"posts/{name}.html", "".join(_paragraphs(chance)))
        archive.writestr("posts.csv", table.getvalue())


def _paragraphs(chance: random.Random) -> Iterator[str]:
    for number in range(10):
        text = " ".join(chance.choices(WORDS, k=80))
        yield f'<h2>Part {number}</h2><p>{text} <a href="https://example.org/{number}">there</a> <em>indeed</em>.</p>'


def floor_x(path: Path) -> int:
    """The array of posts by `json.loads`."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read("data/tweets.js").decode("utf-8")
    return len(json.loads(text[text.index("[") :]))


def floor_substack(path: Path) -> int:
    """The table by `csv.reader`, and the text of each page."""
    with zipfile.ZipFile(path) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("posts.csv").decode("utf-8"), newline="")))
        return sum(1 for row in rows[1:] if archive.read(f"posts/{row[0]}.html").decode("utf-8"))


def collect_archive(path: Path) -> int:
    """The archive through the collection stage."""
    from twin_assets.collection import collect
    from twin_assets.settings import SourceConfig

    return len(collect(SourceConfig(name="benchmark", path=path), "Jo").documents)


WAYS: dict[str, Callable[[Path], int]] = {
    "collect": collect_archive,
    "json.loads": floor_x,
    "csv + read": floor_substack,
}


def measure(way: str, path: Path) -> dict[str, float]:
    """Seconds of the processor, seconds that passed, documents and peak memory (MiB) of one way to parse, in a process
    of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--way", way, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def run_way(way: str, path: Path) -> None:
    """The child's side of `measure`: what it loads first is not counted in the time, but in the memory."""
    sys.path.insert(0, str(PROJECT))
    if way == "collect":
        import twin_assets.collection  # noqa: F401
    started, passed = time.process_time(), time.perf_counter()
    documents = WAYS[way](path)
    seconds, passed = time.process_time() - started, time.perf_counter() - passed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
    sys.stdout.write(json.dumps({"seconds": seconds, "passed": passed, "documents": documents, "peak": peak}))


def compare(title: str, path: Path, floor: str, runs: int) -> None:
    """Print the medians of both ways and their ratio (in documents of the floor's count a second)."""
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist()) / 2**20
    results: dict[str, list[dict[str, float]]] = {floor: [], "collect": []}
    for _ in range(runs):
        for way, measured in results.items():
            measured.append(measure(way, path))
    pieces = results[floor][0]["documents"]
    sys.stdout.write(f"\n{title}: {pieces:.0f} pieces, {size:.1f} MiB unpacked, median of {runs} runs\n")
    medians = {}
    for way, measured in results.items():
        seconds, passed, peak = (statistics.median(m[key] for m in measured) for key in ("seconds", "passed", "peak"))
        medians[way] = seconds
        rate = f"{pieces / seconds:9.0f} pieces/s {size / seconds:7.1f} MiB/s"
        sys.stdout.write(f"  {way:11}{seconds:7.2f} s ({passed:.2f} s passed) {rate}  peak {peak:6.0f} MiB\n")
    sys.stdout.write(f"  collect takes {medians['collect'] / medians[floor]:.2f} times as long as {floor}\n")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--posts", type=int, default=POSTS)
    parser.add_argument("--letters", type=int, default=LETTERS)
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("path", nargs="?", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        run_way(arguments.way, arguments.path)
        return
    sys.stdout.write("The machine's other work, if it has any, is in these figures, too.\n")
    with tempfile.TemporaryDirectory() as folder:
        x, substack = Path(folder) / "x.zip", Path(folder) / "substack.zip"
        build_x(x, arguments.posts)
        compare("X archive", x, "json.loads", arguments.runs)
        build_substack(substack, arguments.letters)
        compare("Substack export", substack, "csv + read", arguments.runs)


if __name__ == "__main__":
    main()
