"""How well a post or comment answers a search: one formula, in SQL, so that only a page of rows leaves the database.

    score = text · fresh · liked

``text`` says how well the words fit. For all candidates it is a guess that needs no look at their words, ROUGH; the
best of these are weighed by FINE: places and weights of their words, and whether these are the very words.

``fresh`` falls from 1 for what came out now to three quarters for what is old, half of the way with every HALF_LIFE: of
two texts that fit as well the newer one stands above, but no news stands above what fits a third better. With a half
known posts came first less often (benchmarks/search_quality.py).

``liked`` rises with the logarithm of a post's votes, voices and comments: ten are worth a quarter more.
"""

from __future__ import annotations

from math import log

HALF_LIFE = 365  # days
# Weights of a word that stands in {people's names and comments, the body, tags, the title}, for ts_rank_cd
WEIGHTS = "{0.3, 0.4, 0.7, 1.0}"
WEIGHED = 150  # candidates whose words are looked at

# All in float8: a plain 0.5 would make it numeric, which takes ten times as long
_AGE = f"(date_part('epoch', %(now)s - found.published_at) / {HALF_LIFE * 86400})"  # in half-lives
_FRESH = f"(0.75::float8 + 0.25::float8 * exp(-{log(2)}::float8 * greatest(0, {_AGE})))"
_ANSWERS = "CASE WHEN found.comment_id IS NULL THEN post.vote_count + post.voice_count + post.comment_count ELSE 0 END"
_LIKED = f"(1 + 0.1::float8 * ln((1 + {_ANSWERS})::float8))"
# What the text is worth beside its words: all of them in the title, or none; a comment is worth a little less
_PLACE = "(CASE WHEN found.in_title THEN 1 WHEN found.comment_id IS NULL THEN 0.4 ELSE 0.3 END)::float8"
# Divided by 1 + the logarithm of the length, and brought between 0 and 1
_WORDS = f"ts_rank_cd('{WEIGHTS}', words, %(weighed)s::tsquery, 1 | 32)"
# Only a stem of what was asked for, or not all of it
_EXACT = "(CASE WHEN words @@ %(exact)s::tsquery THEN 1 ELSE 0.7 END)::float8"

ROUGH = f"({_PLACE} * {_FRESH} * {_LIKED})"  # of ``found`` and its ``post``
FINE = f"(rough * {_EXACT} * (0.05::float8 + {_WORDS}))"  # of a row with its ROUGH score and its ``words``
