"""The order of a thread and its pieces, for any thread."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from comments.threads import (
    DEEPEST,
    PIECE,
    Bone,
    Order,
    Place,
    Standing,
    arrange,
    attached_to,
    cut,
    left_open,
    nest,
    piece_with,
)

SAID, PLACEHOLDER, GONE = Standing.SAID, Standing.PLACEHOLDER, Standing.GONE


@st.composite
def threads(draw: st.DrawFn) -> list[Bone]:
    """Any thread: each comment answers the post or one before it, some are gone."""
    length = draw(st.integers(0, 140))
    random = draw(st.randoms(use_true_random=False))
    chain = draw(st.floats(0, 1))  # from everybody answers the post to one long chain
    return [
        Bone(
            number,
            number - 1 if random.random() < chain else random.randrange(number),
            random.randrange(4),
            random.choice([SAID, SAID, SAID, PLACEHOLDER, GONE]),
        )
        for number in range(1, length + 1)
    ]


orders = st.sampled_from(Order)
any_thread = settings(max_examples=40, deadline=None)


def numbers(places: list[Place]) -> list[int]:
    return [place.number for place in places]


@any_thread
@given(threads(), orders)
def test_every_comment_stands_once_over_the_pieces(thread: list[Bone], order: Order) -> None:
    places = arrange(thread, order)
    pieces = cut(places)
    read = [places[index].number for piece in pieces for index in piece]
    assert read == numbers(places)
    assert len(set(read)) == len(read)
    assert {bone.number for bone in thread if bone.standing is not GONE} <= set(read)
    assert all(len(piece) <= PIECE for piece in pieces)


@any_thread
@given(threads(), orders)
def test_answers_follow_what_they_answer_with_nothing_foreign_between(thread: list[Bone], order: Order) -> None:
    above: list[int] = []
    for place in arrange(thread, order):
        del above[place.depth :]
        assert place.parent == (above[-1] if above else 0)
        assert place.level == min(place.depth, DEEPEST)
        above.append(place.number)


@any_thread
@given(threads(), orders, st.data())
def test_any_comment_is_found_in_its_piece(thread: list[Bone], order: Order, data: st.DataObject) -> None:
    places = arrange(thread, order)
    if places:
        number = data.draw(st.sampled_from(numbers(places)))
        pieces = cut(places)
        assert number in [places[index].number for index in pieces[piece_with(places, pieces, number)]]


@any_thread
@given(threads(), orders)
def test_lists_open_and_close_in_balance(thread: list[Bone], order: Order) -> None:
    places = arrange(thread, order)
    for piece in cut(places):
        part = [places[index] for index in piece]
        steps = nest(part)
        inside: list[Place] = []
        for step in steps:
            del inside[len(inside) - step.closes :]
            assert step.orphan == (step.place.depth > 0 and not inside)
            assert not inside or inside[-1].level == step.place.level - 1
            inside.append(step.place)
        assert left_open(steps) == len(inside)


@any_thread
@given(threads())
def test_what_is_gone_is_kept_only_above_answers(thread: list[Bone]) -> None:
    standing = {bone.number: bone.standing for bone in thread}
    places = arrange(thread)
    parents = {place.parent for place in places}
    assert all(place.number in parents for place in places if standing[place.number] is GONE)


@any_thread
@given(threads(), orders)
def test_a_new_comment_is_hung_where_a_whole_page_shows_it(thread: list[Bone], order: Order) -> None:
    places = arrange(thread, order)
    levels = {place.number: place.level for place in places}
    for place in places[-20:]:
        above = attached_to(places, place.number)
        assert levels.get(above, -1) == place.level - 1


def test_as_it_was_said() -> None:
    thread = [Bone(1, 0), Bone(2, 0), Bone(3, 1), Bone(4, 2), Bone(5, 1)]
    assert numbers(arrange(thread)) == [1, 3, 5, 2, 4]


def test_newest_puts_the_branch_on_top_in_which_somebody_spoke_last() -> None:
    thread = [Bone(1, 0), Bone(2, 0), Bone(3, 1), Bone(4, 0), Bone(5, 1)]
    assert numbers(arrange(thread, Order.NEWEST)) == [1, 3, 5, 4, 2]


def test_best_sorts_every_level_by_votes_and_then_by_time() -> None:
    thread = [Bone(1, 0, 1), Bone(2, 0, 5), Bone(3, 1, 0), Bone(4, 1, 9), Bone(5, 0, 1)]
    assert numbers(arrange(thread, Order.BEST)) == [2, 1, 4, 3, 5]


def test_a_branch_tells_how_much_was_said_in_it() -> None:
    thread = [Bone(1, 0), Bone(2, 1), Bone(3, 2, standing=GONE), Bone(4, 3), Bone(5, 2, standing=GONE)]
    assert {place.number: place.answers for place in arrange(thread)} == {1: 2, 2: 1, 3: 1, 4: 0}


def test_pieces_are_cut_between_branches_where_one_begins_near() -> None:
    thread = [Bone(number, 0 if number in {1, 50, 100} else number - 1) for number in range(1, 121)]
    places = arrange(thread)
    assert [places[piece.start].number for piece in cut(places)] == [1, 50, 100]


def test_a_chain_of_two_thousand_is_arranged_without_recursion() -> None:
    places = arrange([Bone(number, number - 1) for number in range(1, 2001)])
    assert places[-1].depth == 1999
    assert places[-1].names_its_parent
    assert not places[DEEPEST].names_its_parent


def test_what_answers_a_comment_the_reader_has_not_answers_the_post() -> None:
    assert numbers(arrange([Bone(1, 0), Bone(3, 2)])) == [1, 3]
