from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0002_quiet_hours"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="needs_cosignature",
            field=models.BooleanField(default=False, verbose_name="a supervisor signs too"),
        ),
    ]
