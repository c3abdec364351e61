"""Which language a text is in, and which way it runs: small, offline, for texts whose feed does not say.

Scripts decide most languages; those in Latin letters are told apart by their commonest words. Owns no translation.
"""

from __future__ import annotations

import re
from collections import Counter

from bloghub.lib.language_words import ARABIC_LETTERS, CYRILLIC_LETTERS, STOPWORDS

RTL_LANGUAGES = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ku", "ps", "sd", "syr", "ug", "ur", "yi"})

_SAMPLE = 3000  # characters looked at; more does not change the answer
_SAMPLE_WORDS = 300
_MIN_HITS = 3  # common words in a text before a Latin language is named
_MIN_SHARE = 0.08  # of all words: lists of names and code have fewer
_ENOUGH_OF_A_SCRIPT = 0.25  # of all letters; an English aside does not make a Russian post English

_SCRIPTS = {
    "latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "arabic": re.compile("[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\ufb50-\ufdcf\ufe70-\ufefc]"),
    "he": re.compile("[\u05d0-\u05ea]"),
    "kana": re.compile("[\u3041-\u30ff]"),
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "ko": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "hi": re.compile("[\u0904-\u0939\u0958-\u0961]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "th": re.compile("[\u0e01-\u0e4e]"),
    "bn": re.compile("[\u0985-\u09b9]"),
    "ta": re.compile("[\u0b85-\u0bb9]"),
    "te": re.compile("[\u0c05-\u0c39]"),
    "hy": re.compile("[\u0531-\u0587]"),
    "ka": re.compile("[\u10a0-\u10ff]"),
}
_DENSE = {"han": 3, "kana": 2, "ko": 2}  # one character says as much as this many letters
_NON_LATIN = re.compile("[\u0370-\u1dff\u2e80-\ufdff\ufe70-\ufefc]")
_WORDS = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_NOISE = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+")
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")
_ALIASES = {
    "no": "nb",
    "nn": "nb",
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "eng": "en",
    "deu": "de",
    "fra": "fr",
    "fin": "fi",
}


def _weights() -> dict[str, tuple[tuple[str, float], ...]]:
    owners: dict[str, list[str]] = {}
    for language, words in STOPWORDS.items():
        for word in dict.fromkeys(words.split()):
            owners.setdefault(word, []).append(language)
    return {word: tuple((language, 1 / len(known)) for language in known) for word, known in owners.items()}


_WEIGHTS = _weights()


def detect_language(text: str) -> str:
    """The language of plain ``text`` as a BCP 47 primary subtag, or an empty string when it is not clear enough."""
    sample = _NOISE.sub(" ", text[:_SAMPLE])
    if not _NON_LATIN.search(sample):
        return _latin(sample)
    counts = Counter({name: len(found.findall(sample)) * _DENSE.get(name, 1) for name, found in _SCRIPTS.items()})
    counts["han"] += counts["kana"]
    total = counts.total() - counts["kana"]
    latin = counts.pop("latin")
    script, letters = counts.most_common(1)[0]
    if not total or letters < total * _ENOUGH_OF_A_SCRIPT:
        return _latin(sample) if latin else ""
    return _in_script(script, sample, counts)


def _in_script(script: str, sample: str, counts: Counter[str]) -> str:
    if script in {"han", "kana"}:
        return "ja" if counts["kana"] > counts["han"] * 0.05 else "zh"
    if script == "cyrillic":
        return _by_letters(sample, CYRILLIC_LETTERS, "ru")
    if script == "arabic":
        return _by_letters(sample, ARABIC_LETTERS, "ar")
    return script


def _by_letters(sample: str, letters: dict[str, str], default: str) -> str:
    chars = Counter(sample.lower())
    score = {language: sum(chars[letter] for letter in own) for language, own in letters.items()}
    best = max(score, key=lambda language: score[language])
    return best if score[best] else default


def _latin(sample: str) -> str:
    words = _WORDS.findall(sample.lower().replace("\u2019", "'"))[:_SAMPLE_WORDS]
    scores: dict[str, float] = {}
    hits = 0
    for word in words:
        owned = _WEIGHTS.get(word)
        if owned:
            hits += 1
            for language, weight in owned:
                scores[language] = scores.get(language, 0.0) + weight
    if hits < _MIN_HITS or hits < len(words) * _MIN_SHARE:
        return ""
    return max(scores, key=lambda language: scores[language])


def primary_subtag(tag: str) -> str:
    """``fi-FI`` → ``fi``, ``no`` → ``nb``; an empty string when ``tag`` is no language tag (RFC 5646)."""
    found = _TAG.fullmatch(tag.strip())
    code = found[1].lower() if found else ""
    return _ALIASES.get(code, code) if code not in {"und", "mul", "zxx"} else ""


def direction(language: str) -> str:
    """``rtl`` for a language written from right to left, else ``ltr``: the value of a ``dir`` attribute."""
    return "rtl" if primary_subtag(language) in RTL_LANGUAGES else "ltr"
