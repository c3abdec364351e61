from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0003_suggestion'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=[('moderation', 'A moderator did something that concerns you'), ('mention', 'Somebody mentioned you'), ('reply', 'Somebody answered you'), ('first', 'The first comment on your blog'), ('comment', 'Somebody commented on your post'), ('watched', 'A new comment in a conversation you watch'), ('feed', 'The feed of your blog cannot be read, or can again'), ('match', 'A search you saved finds something new'), ('suggestion', 'A blog you suggested was answered'), ('milestone', 'Colleagues found your words worth reading')], max_length=12, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='preference',
            name='kind',
            field=models.CharField(choices=[('moderation', 'A moderator did something that concerns you'), ('mention', 'Somebody mentioned you'), ('reply', 'Somebody answered you'), ('first', 'The first comment on your blog'), ('comment', 'Somebody commented on your post'), ('watched', 'A new comment in a conversation you watch'), ('feed', 'The feed of your blog cannot be read, or can again'), ('match', 'A search you saved finds something new'), ('suggestion', 'A blog you suggested was answered'), ('milestone', 'Colleagues found your words worth reading')], max_length=12),
        ),
    ]
