"""How fast is search? The whole page through gunicorn, at 20,000, 200,000 and 1,000,000 posts with a tenth as many
comments, for each class of query.

Words are chosen by how many rows hold them. Each class asks for several words, in turns with all others at one
connection; beside them, the empty view as the floor. PostgreSQL's share is its CPU while a class is asked alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlencode

from aggregator.models import Blog, Post, SearchWord, Tag
from benchmarks.browsing import Question, UnexpectedAnswerError, in_turns
from benchmarks.farm_content import token
from benchmarks.fill import RESTRICTED, Company, blog_of
from benchmarks.fill_search import EVERY, SearchFill
from benchmarks.floor_urls import EMPTY
from benchmarks.harness import Hub, WrongResultError, cost_of, heading, milliseconds, percentile, table
from benchmarks.pages import EMPTY_VIEW, Web
from bloghub.lib.text import plain_text

SIZES = 20_000, 200_000, 1_000_000
QUICK_SIZES = (5_000,)
ROUNDS, QUICK_ROUNDS = 40, 5
ALONE = 10  # answers for the CPU of a class
WORDS = 5  # different ones a class
GOALS = {20_000: 25, 200_000: 60, 1_000_000: 100}  # ms, p95


@dataclass(frozen=True, slots=True)
class Figures:
    """``times`` of the answers, seconds; ``cpu`` of PostgreSQL and of gunicorn for one answer, seconds."""

    posts: int
    times: Mapping[str, Sequence[float]]
    cpu: Mapping[str, Mapping[str, float]]


def classes(posts: int) -> Iterator[tuple[str, list[str]]]:
    """Every class of query, with what is typed."""
    rows = posts + posts // EVERY
    common, half, percent, rare = (_words(rows * share) for share in (0.31, 0.15, 0.01, 0.001))
    numbers = range(posts // 3, posts // 3 + WORDS)
    shown = Post.objects.filter(blog__pk__gt=RESTRICTED, language="en").order_by("pk")[:WORDS]
    blog, tag = Blog.objects.order_by("-pk")[0].slug, Tag.objects.order_by("pk")[0].slug
    yield "a word in 31 %", common
    yield "a word in 1 %", percent
    yield "a word in 0.1 %", rare
    yield "a word in one post", [token(blog_of(number), number) for number in numbers]
    yield "two words", [f"{one} {other}" for one, other in zip(common, half, strict=True)]
    yield "a title", [post.title for post in shown]
    yield "a phrase", [f'"{_phrase(post)}"' for post in shown]
    yield "a prefix", [f"{word[:4]}*" for word in percent]
    yield "a word that is nowhere", ["xylophonic", "qwertzuiop"]
    yield "a misspelt word", [word[:2] + word[3] + word[2] + word[4:] for word in percent]
    for filters in (
        f"blog:{blog}", "author:person300", f"tag:{tag}", "lang:de", 'team:"Engine Lab"', "site:Vaasa", "after:7d",
        "before:2023", "has:comments", "has:code", "in:title", "in:comments",
    ):  # fmt: skip
        yield (
            f"31 % and {filters.partition(':')[0]}:{filters.partition(':')[2][:8]}",
            [f"{w} {filters}" for w in common],
        )


def _words(documents: float) -> list[str]:
    """Those that stand in about so many rows."""
    known = SearchWord.objects.filter(word__regex="^[a-z]{6,}$")
    nearest = known.extra(order_by=["distance"], select={"distance": "abs(documents - %s)"}, select_params=[documents])
    return [word.word for word in nearest[:WORDS]]


def _phrase(post: Post) -> str:
    return " ".join(plain_text(post.content_html).split()[3:6])


def questions(web: Web) -> list[Question]:
    asked = list(classes(web.company.count))
    by_date = [(f"{name}, by date", words) for name, words in asked[:4]]
    pages = [web.question(name, *map(_page, words)) for name, words in asked]
    pages += [web.question(name, *(_page(word, sort="date") for word in words)) for name, words in by_date]
    return [web.question(EMPTY_VIEW, f"/{EMPTY}"), *pages]


def _page(text: str, **more: str) -> str:
    return f"/search/?{urlencode({'q': text, **more})}"


def measure(web: Web, rounds: int) -> Figures:
    asked = questions(web)
    pids = {"gunicorn": web.pid, "PostgreSQL": web.hub.server_pids["PostgreSQL"]}
    try:
        asyncio.run(in_turns(asked, WORDS))  # the workers load what they need, PostgreSQL reads its pages
        times = asyncio.run(in_turns(asked, rounds))
        cpu = {
            each.name: cost_of(lambda each=each: asyncio.run(in_turns([each], ALONE)), pids).cpu  # type: ignore[misc]  # mypy knows no lambda with a default
            for each in asked
        }
    except UnexpectedAnswerError as error:
        raise WrongResultError(str(error)) from None
    return Figures(web.company.count, times, cpu)


def run(hub: Hub, *, quick: bool) -> None:
    """Prints a table for each size."""
    sizes, rounds = (QUICK_SIZES, QUICK_ROUNDS) if quick else (SIZES, ROUNDS)
    heading(
        "Search",
        f"The whole page through gunicorn, two workers, a signed-in reader who may see some of {RESTRICTED} restricted "
        f"blogs; {rounds} answers a class at one connection, in turns. CPU is that of one answer.",
    )
    company = Company()
    fill = SearchFill(company)
    web = None
    for posts in sizes:
        company.grow(posts)
        fill.grow(posts)
        web = web or Web(hub, company)
        report(measure(web, rounds))


def report(figures: Figures) -> None:
    goal = f"p95 (goal {GOALS[figures.posts]} ms)" if figures.posts in GOALS else "p95"
    print(f"### {figures.posts:,} posts\n")
    rows = [
        (
            name,
            milliseconds(median(times), 1),
            milliseconds(percentile(times, 0.95), 1),
            milliseconds(figures.cpu[name]["PostgreSQL"] / ALONE, 1),
            milliseconds(figures.cpu[name]["gunicorn"] / ALONE, 1),
        )
        for name, times in figures.times.items()
    ]
    table(["class", "p50", goal, "CPU PostgreSQL", "CPU gunicorn"], rows)
