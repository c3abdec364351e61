"""What the search table stores of a text, and what it is asked: lexemes, written as ``tsvector`` and ``tsquery`` text.

    running     a folded word, with its places and a weight: A title, B tags, C body, D a comment and people's names
    ~run        its stem, where that is another word, at the same places
    =running    the same for words of the title, without places: found without a look at the row
    :b12        a facet: what the row is, not what it says

Words never begin with ``~``, ``=`` or ``:``. PostgreSQL's limits: 16,383 places, 256 for a lexeme, 1 MB a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, NamedTuple

from aggregator.search.terms import AllOf, AnyOf, Not, Phrase, Term, Word
from bloghub.lib.stems import stems
from bloghub.lib.words import Part, Run, is_symbol, read, runs

PLACED_RUNS = 2_000  # of a text; what comes later is found, but not as a phrase and not by nearness
PLACES = 256
_ONCE = 2  # entries of _Places for a run that stands at one place
LEXEMES = 12_000
GAP = 10  # places between title, tags and text, so that no phrase reaches over
_LEARNT = 16_384  # runs a language, about 5 MB

Scope = Literal["anywhere", "title"]


@dataclass(frozen=True, slots=True)
class Document:
    """A post, or a comment, which has no more than ``comment`` and ``names``. All of it is plain text; ``names`` are
    its author's, ``language`` a BCP 47 primary subtag or empty."""

    title: str = ""
    tags: Sequence[str] = ()
    body: str = ""
    names: Sequence[str] = ()
    language: str = ""
    comment: str = ""

    def sections(self) -> list[tuple[str, str]]:
        """Every text with its weight."""
        tags, names = ((tag, "B") for tag in self.tags), ((name, "D") for name in self.names)
        return [(self.title, "A"), *tags, (self.body, "C"), (self.comment, "D"), *names]


# --- facets ----------------------------------------------------------------------------------------------------------

CODE_FACET = ":code"


def blog_facet(blog_id: int) -> str:
    return f":b{blog_id}"


def author_facet(person_id: int) -> str:
    return f":a{person_id}"


def tag_facet(tag_id: int) -> str:
    return f":t{tag_id}"


def language_facet(language: str) -> str:
    return f":l{language}"


def kind_facet(kind: str) -> str:
    return f":k{kind}"


def year_facet(moment: datetime) -> str:
    return f":y{moment.astimezone(UTC):%Y}"


def month_facet(moment: datetime) -> str:
    return f":m{moment.astimezone(UTC):%Y%m}"


# --- what is stored --------------------------------------------------------------------------------------------------


class _Learnt(NamedTuple):
    """What a run is stored as: quoted lexemes at its first place, those at ``places`` further on; how many it takes."""

    first: tuple[str, ...]
    later: tuple[tuple[str, int], ...]
    width: int

    def all(self) -> Iterator[str]:
        yield from self.first
        yield from (lexeme for lexeme, _at in self.later)


class _Lexicon(dict[str, _Learnt]):
    """Every run of a language that was met. Starts anew when it is full, which costs less than to know what is seldom
    used."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def __missing__(self, written: str) -> _Learnt:
        if len(self) >= _LEARNT:
            self.clear()
        run = read(written)
        found = [*run.whole], *([*part.asked, *part.found, *_stems(part, (self.language,))] for part in run.parts)
        first = dict.fromkeys(map(quote, [*found[0], *(found[1] if run.parts else ())]))
        later = ((quote(lexeme), at) for at, lexemes in enumerate(found[2:], 1) for lexeme in lexemes)
        self[written] = learnt = _Learnt(tuple(first), tuple(later), len(run.parts))
        return learnt


_lexicons: dict[str, _Lexicon] = {}


class _Places(dict[str, list[int]]):
    """Where each run of a text stands, after the number of places it takes."""

    def __init__(self, lexicon: _Lexicon) -> None:
        super().__init__()
        self.lexicon = lexicon

    def __missing__(self, written: str) -> list[int]:
        self[written] = found = [self.lexicon[written].width]
        return found


def _stems(part: Part, languages: Collection[str]) -> list[str]:
    """``~stem`` for every stem that is none of the words themselves."""
    found = (stem for word in part.lowered for language in languages for stem in stems(word, language))
    return [f"~{stem}" for stem in dict.fromkeys(found) if stem not in part.asked]


def vector(document: Document) -> str:
    """``document`` as ``tsvector`` text."""
    lexicon = _lexicons.setdefault(document.language, _Lexicon(document.language))
    written: dict[str, str] = {}
    place = 1
    for text, weight in document.sections():
        words = runs(text)
        place = _write(written, words[:PLACED_RUNS], lexicon, place, weight) + GAP
        for word in words[PLACED_RUNS:]:
            for lexeme in lexicon[word].all():
                written.setdefault(lexeme, "")
    for word in runs(document.title):
        written.update((f"'={lexeme[1:]}", "") for lexeme in lexicon[word].all())
    few = islice(written.items(), LEXEMES)
    return " ".join([f"{lexeme}:{places}" if places else lexeme for lexeme, places in few])


def _write(written: dict[str, str], words: list[str], lexicon: _Lexicon, place: int, weight: str) -> int:
    """Adds ``words`` from ``place`` on; returns the place after them. Lexemes are quoted, places read ``1A,7A``."""
    places = _Places(lexicon)
    for word in words:
        found = places[word]
        found.append(place)
        place += found[0]
    for word, found in places.items():
        first, later, _width = lexicon[word]
        placed = f"{found[1]}{weight}" if len(found) == _ONCE else _placed(found[1:], weight)
        for lexeme in first:
            known = written.get(lexeme)
            written[lexeme] = f"{known},{placed}" if known else placed
        for lexeme, further in later:
            known, placed = written.get(lexeme), _placed([at + further for at in found[1:]], weight)
            written[lexeme] = f"{known},{placed}" if known else placed
    return place


def _placed(places: Sequence[int], weight: str) -> str:
    return f"{weight},".join(map(str, places[:PLACES])) + weight


def words_in(document: Document) -> set[str]:
    """The plain folded words of ``document``, for the table of words that the hub knows: no numbers, no pairs."""
    written = {run for text, _weight in document.sections() for run in runs(text)}
    parts = (part for run in map(read, written) if not run.dense for part in run.parts)
    return {part.asked[0] for part in parts if part.asked[0].isalpha()}


# --- what is asked ---------------------------------------------------------------------------------------------------


def quote(lexeme: str) -> str:
    """``lexeme`` as ``tsvector`` and ``tsquery`` text have it."""
    if "'" in lexeme or "\\" in lexeme:
        lexeme = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{lexeme}'"


def tsquery(term: Term, languages: Collection[str], scope: Scope = "anywhere") -> str | None:
    """``term`` as ``tsquery`` text for texts of any of ``languages``; None when nothing of it can be looked for."""
    match term:
        case Word():
            return _ask_word(term, languages, scope)
        case Phrase(text):
            return _ask_phrase(text, scope)
        case Not(inner):
            asked = tsquery(inner, languages, scope)
            return f"!({asked})" if asked else None
        case AllOf(terms):
            return _all(tsquery(inner, languages, scope) for inner in terms)
        case AnyOf(terms):
            return _any(tsquery(inner, languages, scope) for inner in terms)


def _read_all(text: str) -> list[Run]:
    return [run for written in runs(text) if (run := read(written)).parts]


def _ask_word(word: Word, languages: Collection[str], scope: Scope) -> str | None:
    """Every run of it, in any order; a prefix is the start of the last one."""
    known = _read_all(word.text)
    asked = [_ask_run(run, languages, scope) for run in known]
    if word.prefix and known and not known[-1].dense:
        last = known[-1]
        asked[-1] = _any([_lexeme((last.whole or last.parts[0].asked)[0], scope, prefix=True), asked[-1]])
    return _all(asked)


def _ask_run(run: Run, languages: Collection[str], scope: Scope) -> str | None:
    if run.dense:
        pairs = [part.asked[0] for part in run.parts]
        return _all(_lexeme(pair, scope) for pair in pairs[:-1]) or _lexeme(pairs[0], scope, prefix=True)
    wholes = [_lexeme(whole, scope) for whole in run.whole]
    if is_symbol(run):
        return _any(wholes)
    parts = [_any(_lexeme(word, scope) for word in words_of(part, languages)) for part in run.parts]
    return _any([*wholes, _all(parts) if scope == "title" else _in_a_row([(part, 1) for part in parts])])


def words_of(part: Part, languages: Collection[str]) -> list[str]:
    """The lexemes by which a word is found in texts of ``languages``: its spellings, ``~stem`` for those of which the
    stem is another word, and the stem for those that are it."""
    stemmed = _stems(part, languages)
    return [*part.asked, *stemmed, *(stem[1:] for stem in stemmed)]


def _ask_phrase(text: str, scope: Scope) -> str | None:
    """Its exact words in their order; in a title by their weight, so that the places there are seen."""
    known = _read_all(text)
    if len(known) == 1 and known[0].whole:
        return _ask_run(known[0], (), scope)
    steps = [step for number, run in enumerate(known) for step in _steps(run, is_last=number == len(known) - 1)]
    row = _in_a_row(
        [
            (_lexeme(word, "anywhere", prefix=prefix, weight="A" * (scope == "title")), width)
            for word, prefix, width in steps
        ]
    )
    if scope == "anywhere":
        return row
    return _all([*(_lexeme(word, scope, prefix=prefix) for word, prefix, _width in steps), row])


def _steps(run: Run, *, is_last: bool) -> list[tuple[str, bool, int]]:
    """(word, whether more may follow it, places to the next word) of a run within a phrase."""
    if is_symbol(run):
        return [(run.whole[0], False, 1)]
    words = [part.asked[0] for part in run.parts]
    if not run.dense:
        return [(word, False, 1) for word in words]
    if len(words) == 1:
        return [(words[0], is_last, 1)]
    return [*((pair, False, 1) for pair in words[:-2]), (words[-2], False, 2)]


def _lexeme(word: str, scope: Scope, *, prefix: bool = False, weight: str = "") -> str:
    marks = "*" * prefix + weight
    return quote(f"={word}" if scope == "title" else word) + (f":{marks}" if marks else "")


def _in_a_row(steps: Sequence[tuple[str | None, int]]) -> str | None:
    """Steps of a phrase, each with the places to the next one."""
    row, gap = "", 0
    for step, width in steps:
        row = f"{row} <{gap}> {step}" if row else f"{step}"
        gap = width
    return f"({row})" if " <" in row else row


def _all(asked: Iterable[str | None]) -> str | None:
    return _joined(" & ", asked)


def _any(asked: Iterable[str | None]) -> str | None:
    return _joined(" | ", asked)


def _joined(sign: str, asked: Iterable[str | None]) -> str | None:
    known = list(dict.fromkeys(filter(None, asked)))
    return f"({sign.join(known)})" if len(known) > 1 else known[0] if known else None
