from django.db import migrations, models


class Migration(migrations.Migration):
    """What a trigger and its offset say took the place of these. The defaults are for the way back."""

    dependencies = [
        ('reminders', '0003_rules_as_data'),
    ]

    operations = [
        migrations.AlterField(
            model_name='reminderrule',
            name='days_before',
            field=models.PositiveSmallIntegerField(default=7),
        ),
        migrations.AlterField(
            model_name='reminderrule',
            name='visit_kind',
            field=models.CharField(default='session', max_length=12),
        ),
        migrations.RemoveField(
            model_name='reminderrule',
            name='days_before',
        ),
        migrations.RemoveField(
            model_name='reminderrule',
            name='visit_kind',
        ),
    ]
