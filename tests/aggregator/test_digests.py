"""When a digest is due, what stands in it, and that it goes out once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from aggregator import digest_conversations, digests
from aggregator.models import Blog, Digest, DigestState, Post
from bloghub.notifications.models import DigestRhythm, Kind, Notification, Preferences
from bloghub.notifications.telling import Event, tell
from bloghub.people.models import Person

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def seen(aino: Person) -> Person:
    """Aino, in Helsinki (UTC+2 in November), has signed in before."""
    aino.last_login = MONDAY - timedelta(days=3)
    aino.save()
    return aino


def due() -> list[tuple[str, datetime, datetime]]:
    return list(Digest.objects.order_by("until").values_list("person__username", "since", "until"))


def test_by_default_it_is_due_on_monday_at_eight_by_ones_own_clock(seen: Person) -> None:
    assert digests.plan(MONDAY.replace(hour=5, minute=59)) == 0
    assert digests.plan(MONDAY.replace(hour=6)) == 1
    eight = MONDAY.replace(hour=6)
    assert due() == [("aino", eight - timedelta(days=7), eight)]


def test_planning_twice_makes_one(seen: Person) -> None:
    digests.plan(MONDAY.replace(hour=7))
    assert digests.plan(MONDAY.replace(hour=9)) == 0
    assert len(due()) == 1


def test_a_daily_one_comes_every_day_at_the_chosen_hour(seen: Person) -> None:
    Preferences.objects.create(person=seen, digest=DigestRhythm.DAILY, digest_hour=17)
    for hours in range(48):
        digests.plan(MONDAY + timedelta(hours=hours))
    ends = [MONDAY + timedelta(hours=15 + 24 * day) for day in (-1, 0, 1)]
    assert due() == [("aino", end - timedelta(days=1), end) for end in ends]


def test_a_hub_that_was_away_for_a_day_sends_no_news_of_the_day_before(seen: Person) -> None:
    assert digests.plan(MONDAY.replace(hour=6) + timedelta(hours=21)) == 0


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": ""}, {"last_login": None}])
def test_who_left_has_no_address_or_never_came_gets_none(seen: Person, change: dict[str, object]) -> None:
    Person.objects.filter(pk=seen.pk).update(**change)
    assert digests.plan(MONDAY.replace(hour=6)) == 0


def test_never_means_never(seen: Person) -> None:
    Preferences.objects.create(person=seen, digest=DigestRhythm.NEVER)
    assert digests.plan(MONDAY.replace(hour=6)) == 0


def one(person: Person) -> digests.Contents:
    """What stands in this person's digest of the last week."""
    until = MONDAY.replace(hour=6)
    digest = Digest(person=person, since=until - timedelta(days=7), until=until)
    [(_digest, found)] = digests.contents([digest])
    return found


def test_nothing_happened_is_nothing_to_say(seen: Person) -> None:
    assert not one(seen)


def test_it_holds_the_best_rated_then_the_most_discussed(seen: Person, make_post: Callable[..., Post]) -> None:
    out = MONDAY - timedelta(days=2)
    liked = make_post(published_at=out, vote_count=3, comment_count=9, voice_count=5)
    talked = make_post(published_at=out, comment_count=4, voice_count=3)
    make_post(published_at=out)  # nobody cared
    make_post(published_at=out - timedelta(days=30), vote_count=99)  # not of this week
    found = one(seen)
    assert (list(found.best), list(found.discussed)) == ([liked], [talked])


def test_posts_of_restricted_blogs_are_in_no_mail(
    seen: Person, crew: Group, make_blog: Callable[..., Blog], make_post: Callable[..., Post]
) -> None:
    seen.groups.add(crew)
    make_post(make_blog(for_groups=(crew,)), published_at=MONDAY - timedelta(days=1), vote_count=5, comment_count=5)
    assert not one(seen)


def happen(person: Person, post: Post, number: int, actor: Person, when: datetime = MONDAY) -> None:
    event = Event(
        f"comment:{number}", f"post:{post.pk}", actor.pk, post.title, "Words", "/comments/1/", post.blog_id, when
    )
    tell(event, {person.pk: Kind.WATCHED})


def test_what_waits_is_grouped_by_conversation(
    seen: Person, bo: Person, admin: Person, make_post: Callable[..., Post]
) -> None:
    post = make_post(title="Gears")
    happen(seen, post, 1, bo)
    happen(seen, post, 2, admin)
    happen(seen, post, 3, bo)
    [talk] = one(seen).waiting.conversations
    assert (talk.title, talk.count, set(talk.names)) == ("Gears", 3, {"Bo Ekdahl", "Rauha Admin"})


def test_what_was_read_meanwhile_does_not_wait(seen: Person, bo: Person, make_post: Callable[..., Post]) -> None:
    happen(seen, make_post(), 1, bo)
    Notification.objects.update(read_at=MONDAY)
    assert not one(seen)


def test_of_a_restricted_blog_only_the_fact_is_told_and_only_inside(
    seen: Person, bo: Person, crew: Group, make_blog: Callable[..., Blog], make_post: Callable[..., Post]
) -> None:
    happen(seen, make_post(make_blog(for_groups=(crew,)), title="Secret"), 1, bo)
    assert not one(seen)
    seen.groups.add(crew)
    [talk] = one(seen).waiting.conversations
    assert (talk.title, talk.names, talk.count) == ("", (), 1)


def test_many_digests_cost_no_more_queries(
    crew: Group,
    bo: Person,
    make_blog: Callable[..., Blog],
    make_post: Callable[..., Post],
    django_assert_num_queries: Callable[..., object],
) -> None:
    people = [Person(username=f"p{n}", display_name=f"P {n}", email=f"p{n}@example.com") for n in range(50)]
    Person.objects.bulk_create(people)
    make_post(published_at=MONDAY - timedelta(days=1), vote_count=1)
    for number in range(3):
        happen(people[number], make_post(make_blog(for_groups=(crew,))), number, bo)
    week = [Digest(person=person, since=MONDAY - timedelta(days=7), until=MONDAY) for person in people]
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        assert len(list(digests.contents(week))) == 50


def test_of_what_waits_by_the_thousand_only_so_much_is_looked_at_but_all_is_counted_and_settled(
    seen: Person, bo: Person, make_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest_conversations, "MOST_ROWS", 3)
    post = make_post(title="Gears")
    for number in range(7):
        happen(seen, post, number, bo, MONDAY + timedelta(minutes=number))
    found = one(seen)
    assert [(talk.title, talk.count, talk.names) for talk in found.waiting.conversations] == [
        ("Gears", 7, ("Bo Ekdahl",))
    ]
    assert len(found.waiting.told) == 3
    happen(seen, post, 9, bo, MONDAY + timedelta(minutes=9))
    Digest.objects.create(person=seen, since=MONDAY - timedelta(days=7), until=MONDAY)
    [digest] = digests.take(MONDAY)
    digests.settle(digest, DigestState.SENT, MONDAY, found.waiting)
    [talk] = one(seen).waiting.conversations
    assert talk.count == 1


@pytest.mark.django_db(transaction=True)
def test_four_workers_take_each_digest_once(aino: Person) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(60)]
    Digest.objects.bulk_create(Digest(person=aino, since=day - timedelta(days=1), until=day) for day in days)
    barrier = Barrier(4)
    taken: list[int] = []

    def work() -> None:
        barrier.wait()
        while batch := digests.take(MONDAY, limit=7):
            taken.extend(digest.pk for digest in batch if digests.settle(digest, DigestState.SENT, MONDAY))
        connection.close()

    workers = [Thread(target=work) for _worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (len(taken), len(set(taken))) == (60, 60)


def test_what_a_dead_worker_had_taken_but_not_sent_is_due_again(aino: Person) -> None:
    Digest.objects.create(person=aino, since=MONDAY - timedelta(days=1), until=MONDAY)
    [digest] = digests.take(MONDAY)
    assert digests.take(MONDAY + timedelta(minutes=5)) == []
    assert digests.take(MONDAY + timedelta(minutes=11)) == [digest]


def test_what_was_handed_over_is_never_taken_again(aino: Person) -> None:
    Digest.objects.create(person=aino, since=MONDAY - timedelta(days=1), until=MONDAY)
    [digest] = digests.take(MONDAY)
    assert digests.settle(digest, DigestState.SENT, MONDAY)
    assert not digests.settle(digest, DigestState.SENT, MONDAY)
    assert digests.take(MONDAY + timedelta(days=1)) == []


def test_digests_of_long_ago_are_forgotten_and_not_sent_again(seen: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "FORGET_BATCH", 2)
    Preferences.objects.create(person=seen, digest=DigestRhythm.DAILY)
    for day in range(40):
        digests.plan(MONDAY + timedelta(days=day, hours=9))
    now = MONDAY + timedelta(days=39, hours=9)
    assert digests.forget(now) == 10
    assert digests.plan(now) == 0
    assert len(due()) == 30


def test_a_time_zone_nobody_knows_does_not_stop_the_others(seen: Person, bo: Person) -> None:
    Person.objects.filter(pk=bo.pk).update(time_zone="Nowhere/Atlantis", last_login=MONDAY)
    assert digests.plan(MONDAY.replace(hour=9)) == 2
    assert Digest.objects.get(person=bo).until == MONDAY.replace(hour=8)  # on the hub's clock
