"""The numbers of the overview under the names that machines know, and as text that Prometheus reads.

The format is that of Prometheus, version 0.0.4 (prometheus.io, "Exposition formats"). Written by hand: the official
library counts what happens inside one process, and the hub's web processes are many and see no poll at all; the
database has seen them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aggregator.health.overview import Overview

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. Those of a name stand together and share ``about``; ``labels`` tell them apart."""

    name: str
    value: float
    about: str
    labels: tuple[tuple[str, str], ...] = ()


def figures(overview: Overview) -> Iterator[Figure]:
    """All numbers of the overview. Sums are those of the hour that is not over yet, so all of them are gauges."""
    for state, count in sorted(overview.states.items()):
        yield Figure("bloghub_feeds", count, "Feeds by state.", (("state", state),))
    yield Figure("bloghub_feeds_due", overview.due, "Feeds whose time has come and that no worker has taken.")
    for need, count in overview.needs.items():
        yield Figure("bloghub_feeds_in_trouble", count, "Feeds on the health page, by need.", (("need", need.value),))
    for code, count in overview.reasons:
        labels = (("reason", code or "unknown"),)
        yield Figure("bloghub_feed_errors", count, "Feeds in trouble, by the reason of the last error.", labels)
    yield from _watchdog(overview)
    yield from _hour(overview)
    yield Figure("bloghub_hosts_slowed", overview.slow_host_count, "Servers that asked to be left alone for a while.")
    leases = {"active": overview.active_lease_count, "refused": overview.refused_lease_count}
    for state, count in leases.items():
        yield Figure("bloghub_websub_leases", count, "WebSub leases by state.", (("state", state),))


def _watchdog(overview: Overview) -> Iterator[Figure]:
    watch = overview.watch
    about = "How long the feed that waits longest is due with no worker at it."
    yield Figure("bloghub_oldest_due_feed_seconds", round(watch.oldest_due_seconds, 1), about)
    if watch.newest_good_seconds is not None:
        about = "How long ago any feed last answered well."
        yield Figure("bloghub_newest_good_poll_seconds", round(watch.newest_good_seconds, 1), about)
    yield Figure("bloghub_polling_stands_still", int(watch.stands_still), "1 when nobody polls or nothing answers.")


def _hour(overview: Overview) -> Iterator[Figure]:
    names = ("running", "previous")
    sums = list(zip(names, (overview.hours[-1], overview.hours[-2]), strict=True))
    for which, hour in sums:
        yield Figure("bloghub_polls", hour.polls, "Polls, in the hour that runs and the one before.", _which(which))
    for which, hour in sums:
        yield Figure("bloghub_polls_failed", hour.failed, "Polls that brought nothing but trouble.", _which(which))
    for which, hour in sums:
        yield Figure("bloghub_polls_changed", hour.changed, "Polls that brought new or edited posts.", _which(which))
    for which, hour in sums:
        yield Figure("bloghub_posts_new", hour.posts, "Posts that polls brought.", _which(which))
    for which, hour in sums:
        about = "Mean time from when a feed was due until its poll began."
        yield Figure("bloghub_poll_lag_seconds", round(hour.lag_mean, 3), about, _which(which))
    for which, hour in sums:
        about = "Longest time from when a feed was due until its poll began."
        yield Figure("bloghub_poll_lag_most_seconds", round(hour.lag_most, 3), about, _which(which))


def _which(hour: str) -> tuple[tuple[str, str], ...]:
    return (("hour", hour),)


def exposition(found: Iterable[Figure]) -> str:
    """The figures as a machine asks for them."""
    lines, told = [], ""
    for figure in found:
        if figure.name != told:
            told = figure.name
            lines += [f"# HELP {told} {_escaped(figure.about)}", f"# TYPE {told} gauge"]
        lines.append(f"{figure.name}{_labels(figure)} {_number(figure.value)}")
    return "\n".join([*lines, ""])


def _labels(figure: Figure) -> str:
    pairs = ",".join(f'{name}="{_escaped(value, quoted=True)}"' for name, value in figure.labels)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quoted else text


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
