from django.db import migrations, models


class Migration(migrations.Migration):
    """Messages after a session are looked for by the days they are about, not among all sessions there ever were."""

    dependencies = [
        ('charting', '0008_copied_from'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='treatmentsession',
            index=models.Index(condition=models.Q(('status', 'signed')), fields=['started_at'], name='charting_signed_by_time'),
        ),
    ]
