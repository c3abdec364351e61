"""Indexes for finding blogs, people and tags by names that begin or look like what is typed (search/names_matching.py).

The functions are those of people/0004_person_names, which also holds the index for the beginnings of people's names.
"""

from django.db import migrations

INDEXES = {
    "blog_names": "aggregator_blog USING gin (people_names(slug, title))",
    "blog_trigrams": "aggregator_blog USING gin (people_folded(title) gin_trgm_ops)",
    "person_trigrams": "people_person USING gin (people_folded(display_name) gin_trgm_ops)",
    "tag_names": "aggregator_tag USING gin (people_names(slug, name))",
    "tag_trigrams": "aggregator_tag USING gin (people_folded(name) gin_trgm_ops)",
}


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0005_search"), ("people", "0004_person_names")]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON {columns} WITH (fastupdate = off)", f"DROP INDEX {name}")
        for name, columns in INDEXES.items()
    ]
