"""The group Moderators: whoever is staff and in it moderates the conversation."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

PERMISSIONS = ["change_comment", "view_comment", "view_flag", "view_moderationact", "view_suspension", "view_thread"]


def make_group(apps, schema_editor):
    # Permissions come with the signal after the last migration; these are needed before
    config = apps.get_app_config("comments")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Moderators")
    found = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="comments", codename__in=PERMISSIONS
    )
    group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [
        ("comments", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, migrations.RunPython.noop)]
