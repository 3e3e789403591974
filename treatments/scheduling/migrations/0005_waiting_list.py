import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0002_search'),
        ('scheduling', '0004_courses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WaitingEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_day', models.DateField(verbose_name='from')),
                ('until_day', models.DateField(verbose_name='until')),
                ('parts', models.JSONField(blank=True, default=list, verbose_name='parts of the day')),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'As soon as possible'), (2, 'Usual'), (3, 'Whenever it suits')], default=2, verbose_name='priority')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('booked', 'Booked'), ('closed', 'Taken off the list')], default='waiting', max_length=12, verbose_name='status')),
                ('created_at', models.DateTimeField(editable=False)),
                ('appointment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='waiting_entry', to='scheduling.appointment')),
                ('created_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waiting_entries', to='registry.patient')),
                ('practitioner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('visit_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scheduling.visittype')),
            ],
            options={
                'ordering': ['priority', 'created_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SlotOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('nonce', models.UUIDField(editable=False, unique=True)),
                ('token_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('status', models.CharField(choices=[('open', 'Offered'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('taken', 'Was taken by another'), ('withdrawn', 'Withdrawn')], default='open', max_length=12)),
                ('expires_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('offered_at', models.DateTimeField(editable=False)),
                ('offered_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('room', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scheduling.room')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='scheduling.waitingentry')),
            ],
            options={
                'ordering': ['offered_at', 'pk'],
            },
        ),
        migrations.AddIndex(
            model_name='waitingentry',
            index=models.Index(fields=['status', 'until_day'], name='scheduling_waiting'),
        ),
        migrations.AddConstraint(
            model_name='waitingentry',
            constraint=models.CheckConstraint(condition=models.Q(('until_day__gte', models.F('from_day'))), name='scheduling_waiting_in_order'),
        ),
        migrations.AddIndex(
            model_name='slotoffer',
            index=models.Index(fields=['practitioner', 'starts_at'], name='scheduling_offer_of_time'),
        ),
    ]
