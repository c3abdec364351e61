"""What inflected words of a language have in common, by Snowball's algorithms: ``houses`` and ``house`` are ``hous``.

Owns which language has which algorithm, and that no stemmer is ever used by two threads. Folding is left to
``bloghub.lib.words``.
"""

from __future__ import annotations

from threading import local

import Stemmer

from bloghub.lib.words import fold

# BCP 47 primary subtags, as ``bloghub.lib.language`` names languages
_ALGORITHMS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
LANGUAGES = frozenset(_ALGORITHMS)
_SHORTEST = 3  # letters; shorter words are not inflected, or not safely
# Finnish and Estonian change the last vowel of a stem in the plural, and the algorithms leave it: laiva, laivoissa
_CHANGING_VOWEL = frozenset({"fi", "et"})
_WITH_VOWEL = 5  # letters of a stem that can do without it

_own = local()


def stems(word: str, language: str) -> tuple[str, ...]:
    """The folded stems of ``word``, which is in lower case with its accents, in ``language``; none where the language
    has no algorithm or the word has digits.

    Two where the accents matter to the algorithm, so that a word typed without them shares one of them.
    """
    stemmer = _stemmer(language)
    if stemmer is None or len(word) < _SHORTEST or not word.replace("'", "").isalpha():
        return ()
    found = (fold(stemmer.stemWord(each)) for each in dict.fromkeys((word, fold(word))))
    if language in _CHANGING_VOWEL:
        found = (stem.rstrip("aeiouy") if len(stem) >= _WITH_VOWEL else stem for stem in found)
    return tuple(dict.fromkeys(stem for stem in found if stem))


def _stemmer(language: str) -> Stemmer.Stemmer | None:
    """This thread's own stemmer: they are not safe to share. Without its cache, as ours hold more than stems."""
    known: dict[str, Stemmer.Stemmer | None] = _own.__dict__
    if language not in known:
        algorithm = _ALGORITHMS.get(language)
        if algorithm is None:
            return None
        known[language] = Stemmer.Stemmer(algorithm, 0)
    return known[language]
