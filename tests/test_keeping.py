"""Parts of pages that are rendered once: never another value's, never another reader's token, never too many."""

from __future__ import annotations

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import timezone, translation

from bloghub.lib.shelf import Shelf


def test_a_kept_part_is_rendered_again_only_when_what_it_depends_on_is_another() -> None:
    part = Template('{% load keeping %}{% keep "test-part" name %}{{ name }} {{ other }}{% endkeep %}')
    assert part.render(Context({"name": "Aino", "other": 1})) == "Aino 1"
    assert part.render(Context({"name": "Aino", "other": 2})) == "Aino 1"
    assert part.render(Context({"name": "Bo", "other": 2})) == "Bo 2"
    with translation.override("fi"):
        assert part.render(Context({"name": "Aino", "other": 3})) == "Aino 3"
    with timezone.override("Europe/Helsinki"):
        assert part.render(Context({"name": "Aino", "other": 4})) == "Aino 4"


def test_a_kept_form_carries_the_readers_own_token() -> None:
    form = Template('{% load keeping %}{% keep "test-form" %}<form>{% csrf_token %}</form>{% endkeep %}')
    for token in ("first", "second"):
        assert f'value="{token}"' in form.render(Context({"csrf_token": token}))


def test_a_kept_part_wants_a_name() -> None:
    with pytest.raises(TemplateSyntaxError):
        Template("{% load keeping %}{% keep %}{% endkeep %}")


def test_a_shelf_lets_go_of_what_was_not_asked_for_longest() -> None:
    shelf: Shelf[str] = Shelf(100)
    for name in "abcd":
        shelf.put(name, name, 25)
    assert shelf.get("a") == "a"
    shelf.put("e", "e", 25)
    assert [shelf.get(name) for name in "abcde"] == ["a", None, "c", "d", "e"]
    shelf.put("huge", "huge", 26)
    assert shelf.get("huge") is None
    shelf.put("a", "again", 1)
    shelf.put("f", "f", 24)
    assert [shelf.get(name) for name in "acdef"] == ["again", "c", "d", "e", "f"]
