"""From typed text to terms, filters and notes: a parser that knows no errors.

all   = any any …
any   = one OR one …
one   = [-] ( "(" all ")" | word | "phrase" | name:value )
"""

from __future__ import annotations

import re
from itertools import islice

from aggregator.search import operators, typed
from aggregator.search.notes import Note
from aggregator.search.operators import MAX_FILTERS, Filter, filter_of
from aggregator.search.terms import Phrase, Term, Word, all_of, any_of, negated
from aggregator.search.typed import Token

MAX_TERMS = 12  # wanted ones, and as many unwanted ones
MAX_LETTERS = 200  # characters of all words and phrases together
_MAX_TOKENS = 500  # no canonical text has as many
_SHORTEST_PREFIX = 2
_RESERVED = ("AND", "OR", "NOT")
_SIGIL = re.compile(r"#(?P<tag>\w[\w.+#/-]*)|@(?P<author>\w[\w.+-]*)")
_SHOWN = 40  # characters of what a note is about


class Reader:
    """Reads one text; afterwards ``filters`` and ``notes`` hold what stood beside the terms, in order."""

    def __init__(self, text: str) -> None:
        self.filters: dict[Filter, None] = {}
        self.notes: dict[Note, None] = {}
        self._room = MAX_LETTERS
        self._left = {False: MAX_TERMS, True: MAX_TERMS}
        self._at = 0
        self._tokens = self._bounded(text)

    def read(self) -> Term | None:
        """The tree; None if there are only filters, or nothing."""
        return self._all(False)

    def _bounded(self, text: str) -> list[Token]:
        tokens = list(islice(typed.tokens(typed.clean(text)), _MAX_TOKENS + 1))
        if len(text) > typed.MAX_TYPED or len(tokens) > _MAX_TOKENS:
            self._note("too-long")
        found = list(typed.within_depth(tokens[:_MAX_TOKENS]))
        if None in found:
            self._note("too-deep")
        return [token for token in found if token is not None]

    def _note(self, code: str, about: str = "") -> None:
        self.notes[Note(code, about if len(about) <= _SHOWN else about[:_SHOWN] + "…")] = None

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _skip_or(self) -> bool:
        start = self._at
        while (token := self._next()) and typed.is_or(token):
            self._at += 1
        return self._at > start

    def _all(self, unwanted: bool) -> Term | None:
        terms: list[Term | None] = []
        self._skip_or()
        while (token := self._next()) and not token["close"]:
            terms.append(self._any(unwanted))
        return all_of(terms)

    def _any(self, unwanted: bool) -> Term | None:
        before = len(self.filters)
        terms = [self._one(unwanted)]
        while self._skip_or() and (token := self._next()) and not token["close"]:
            terms.append(self._one(unwanted))
        found = any_of(terms)
        if len(terms) > 1:
            self._tell_mixed(before, found)
        return found

    def _one(self, unwanted: bool) -> Term | None:
        token = self._tokens[self._at]
        self._at += 1
        unwanted ^= bool(token["minus"])
        found = self._group(token, unwanted) if token["open"] else self._leaf(token, unwanted)
        return negated(found) if token["minus"] else found

    def _group(self, token: Token, unwanted: bool) -> Term | None:
        before = len(self.filters)
        found = self._all(unwanted)
        self._at += 1  # the closing parenthesis, or the end
        if token["minus"]:
            self._tell_mixed(before, found)
        return found

    def _tell_mixed(self, before: int, term: Term | None) -> None:
        """Filters stand beside the tree, not in it: says so where that is not what was typed."""
        lifted = list(self.filters)[before:]
        if lifted and (term or len({(each.name, each.negated) for each in lifted}) > 1):
            self._note("mixed", lifted[0].text)

    def _leaf(self, token: Token, unwanted: bool) -> Term | None:
        phrase = token["phrase"]
        if token["endless"] is not None:
            self._note("unbalanced", typed.in_one_line(phrase))
        if token["name"]:
            return self._named(token, unwanted)
        if phrase is not None:
            return self._phrase(phrase, unwanted)
        return self._bare(token["word"], unwanted)

    def _named(self, token: Token, unwanted: bool) -> Term | None:
        name, phrase, word = token["name"], token["phrase"], token["word"]
        if operators.known(name):
            self._filter(name, phrase if phrase is not None else typed.trimmed_value(word), unwanted)
            return None
        if phrase is not None:
            self._note("unknown-operator", f"{name}:")
            return all_of([self._word(name, unwanted), self._phrase(phrase, unwanted)])
        if word[0].isalpha():
            self._note("unknown-operator", f"{name}:")
        return self._word(f"{name}:{word}", unwanted)

    def _bare(self, word: str, unwanted: bool) -> Term | None:
        name = typed.name_before(word)
        if operators.known(name) and len(name) + 1 == len(word):
            self._note("empty-operator", word)
            return None
        sigil = _SIGIL.fullmatch(typed.trimmed_value(word))
        if sigil and any(char.isalpha() for char in sigil[0]):  # not #1
            self._filter("tag" if sigil["tag"] else "author", sigil[0], unwanted)
            return None
        return self._word(word, unwanted)

    def _filter(self, name: str, value: str, unwanted: bool) -> None:
        found = filter_of(name, value, unwanted)
        if found is None:
            self._note(operators.complaint(name, value), f"{name}:{value}")
        elif found in self.filters or len(self.filters) < MAX_FILTERS:
            self.filters[found] = None
        else:
            self._note("too-many")

    def _word(self, text: str, unwanted: bool) -> Term | None:
        word, prefix = typed.trimmed(text)
        if len(word) > self._room:  # a word's half finds nothing, but Chinese is written without spaces
            word, prefix = typed.trimmed(self._cut(word) if len(word) > MAX_LETTERS else self._cut(""))
        if prefix and 0 < typed.letters(word) < _SHORTEST_PREFIX:
            self._note("short-prefix", f"{word}*")
            prefix = False
        plain = not operators.known(typed.name_before(word)) and (prefix or word not in _RESERVED)
        return self._taken(Word(word, prefix) if plain else Phrase(word), unwanted)

    def _phrase(self, text: str, unwanted: bool) -> Term | None:
        words = typed.in_one_line(text)
        if len(words) > self._room:
            cut = self._cut(words)
            words = cut.rpartition(" ")[0] or cut
        return self._taken(Phrase(words), unwanted)

    def _cut(self, text: str) -> str:
        """What there is room for of the last text that is taken."""
        cut, self._room = text[: self._room], 0
        self._note("too-long")
        return cut

    def _taken(self, leaf: Word | Phrase, unwanted: bool) -> Term | None:
        """The leaf, if it says anything and there is still room for it."""
        if not typed.letters(leaf.text):
            return None
        if not self._left[unwanted]:
            self._note("too-many")
            return None
        self._left[unwanted] -= 1
        self._room = max(0, self._room - len(leaf.text))
        return leaf
