"""The hours and days at which a publisher asks not to be polled."""

from __future__ import annotations

import pytest

from aggregator.polling.clean import clean_feed
from aggregator.polling.frames import dump_answer, load_answer
from aggregator.polling.parse import parse_feed
from aggregator.polling.skipping import Skip, read_skip
from aggregator.polling.types import ParsedFeed
from tests.aggregator.feeds import rss

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@pytest.mark.parametrize(
    ("situation", "hours", "days", "skip"),
    [
        ("nothing", [], [], Skip()),
        ("two hours", ["0", "23"], [], Skip(hours=1 | 1 << 23)),
        ("midnight as RSS 0.91 writes it", ["24"], [], Skip(hours=1)),
        ("the weekend", [], ["Saturday", "sunday"], Skip(days=0b1100000)),
        ("nonsense", ["25", "-1", "noon", "9" * 5000, "٣"], ["Caturday", ""], Skip()),
        ("every hour is not believed", [str(hour) for hour in range(24)], ["Monday"], Skip(days=1)),
        ("every day is not believed", ["3"], DAYS, Skip(hours=8)),
    ],
)
def test_elements_become_bits(situation: str, hours: list[str], days: list[str], skip: Skip) -> None:
    assert read_skip(hours, days) == skip, situation


def read(more: str) -> ParsedFeed:
    """A small feed with ``more`` in its channel, as the poller gets it from the parser's process."""
    body = rss("One").replace(b"<description>d</description>", f"<description>d</description>{more}".encode())
    answer, _last = load_answer(dump_answer(clean_feed(parse_feed(body, url="http://a/"), url="http://a/"), last=False))
    assert isinstance(answer, ParsedFeed)
    assert [post.title for post in answer.posts] == ["One"]
    return answer


def test_a_document_s_hours_and_days_come_through() -> None:
    hours = "<skipHours><hour>1</hour><hour>2</hour></skipHours>"
    parsed = read(hours + "<skipDays><day>Monday</day><day>Sunday</day></skipDays><ttl>60</ttl>")
    assert (parsed.skip_hours, parsed.skip_days, parsed.ttl) == (0b110, 0b1000001, 60)


def test_an_hour_and_a_day_elsewhere_mean_nothing() -> None:
    parsed = read("<hour>1</hour><day>Monday</day><skipHours><day>Monday</day></skipHours>")
    assert (parsed.skip_hours, parsed.skip_days) == (0, 0)


SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"


@pytest.mark.parametrize(
    ("period", "frequency", "minutes"),
    [("hourly", "2", 30), ("daily", "", 1440), ("", "2", 720), ("weekly", "0", 10080), ("often", "", None)],
)
def test_the_syndication_module_asks_in_its_own_way(period: str, frequency: str, minutes: int | None) -> None:
    names = (("updatePeriod", period), ("updateFrequency", frequency))
    more = "".join(f"<sy:{name} xmlns:sy='{SYNDICATION}'>{value}</sy:{name}>" for name, value in names if value)
    assert read(more).ttl == minutes
