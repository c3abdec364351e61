"""Search: finds anything anyone ever wrote, posts and comments in one answer.

``lexemes`` says how a text is stored and a query asked, ``query`` reads what people type, ``passages`` shows why
something was found; they are pure. All words are made by ``bloghub.lib.words``: PostgreSQL keeps them, weighs them and
finds them, and never parses a text itself.
"""
