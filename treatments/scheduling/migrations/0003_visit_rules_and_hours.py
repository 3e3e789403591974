import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0002_search'),
        ('scheduling', '0002_changes_by_time'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='room',
            name='kind',
            field=models.CharField(blank=True, choices=[('consulting', 'Consulting room'), ('treatment', 'Treatment room')], max_length=12, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='visittype',
            name='days_between',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Empty: any.', null=True, verbose_name='days between two of this type'),
        ),
        migrations.AddField(
            model_name='visittype',
            name='practitioners',
            field=models.ManyToManyField(blank=True, related_name='visit_types', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='visittype',
            name='room_kind',
            field=models.CharField(blank=True, choices=[('consulting', 'Consulting room'), ('treatment', 'Treatment room')], max_length=12, verbose_name='kind of room'),
        ),
        migrations.CreateModel(
            name='HoursException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(verbose_name='last day')),
                ('starts', models.TimeField(blank=True, null=True, verbose_name='from')),
                ('ends', models.TimeField(blank=True, null=True, verbose_name='to')),
                ('note', models.CharField(blank=True, max_length=80, verbose_name='note')),
                ('practitioner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='hours_exceptions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['first_day', 'starts', 'pk'],
                'indexes': [models.Index(fields=['last_day'], name='scheduling_exception_until')],
                'constraints': [models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='scheduling_exception_in_order'), models.CheckConstraint(condition=models.Q(models.Q(('ends__isnull', True), ('starts__isnull', True)), ('ends__gt', models.F('starts')), _connector='OR'), name='scheduling_exception_hours')],
            },
        ),
    ]
