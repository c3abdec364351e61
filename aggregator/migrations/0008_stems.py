from django.db import migrations, models

# Words are counted anew, as each is now kept with its stems
ANEW = """
    TRUNCATE aggregator_searchword, aggregator_searchmonth;
    UPDATE aggregator_searchtally SET counted_to = 0, seen_to = 0;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('aggregator', '0007_saved_searches'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stem', models.TextField(db_collation='C')),
                ('word', models.TextField(db_collation='C')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('stem', 'word'), name='searchform_once')],
            },
        ),
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
    ]
