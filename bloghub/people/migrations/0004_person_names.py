"""An index for finding people by the beginning of any of their names, without case and accents (suggestions.py)."""

from django.db import migrations

# Letters that do not fall apart into a letter and a mark are named one by one; "simple" knows no language and no stop
# words. The functions are the hub's own because an index wants immutable ones, which contrib's unaccent() is not. Their
# bodies are bound when they are made: an index is built without a search path that would find one within the other.
FOLDED = """
    CREATE FUNCTION people_folded(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN translate(
            replace(replace(replace(
                regexp_replace(normalize(lower($1), NFKD), '[\\u0300-\\u036f]', '', 'g'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
            'øłđðþıħŋ', 'olddtihn')
"""
NAMES = """
    CREATE FUNCTION people_names(username text, display_name text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN to_tsvector('simple'::regconfig,
            regexp_replace(people_folded($2 || ' ' || $1), '[^[:alnum:]]+', ' ', 'g'))
"""
INDEX = """
    CREATE INDEX person_names ON people_person USING gin (people_names(username, display_name)) WITH (fastupdate = off)
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0003_person_left_at")]

    operations = [
        migrations.RunSQL(FOLDED, "DROP FUNCTION people_folded(text)"),
        migrations.RunSQL(NAMES, "DROP FUNCTION people_names(text, text)"),
        migrations.RunSQL(INDEX, "DROP INDEX person_names"),
    ]
