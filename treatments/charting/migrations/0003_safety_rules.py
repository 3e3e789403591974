import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('charting', '0002_safety_answers_and_mixtures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SafetyRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(editable=False, max_length=40, unique=True, verbose_name='key')),
                ('effect', models.CharField(choices=[('listed', 'As the catalogue says'), ('stop', 'Stop'), ('reason', 'Needs a reason'), ('note', 'Note')], max_length=8, verbose_name='effect')),
                ('value', models.DecimalField(blank=True, decimal_places=3, max_digits=8, null=True, verbose_name='value')),
                ('sources', models.JSONField(blank=True, default=list, verbose_name='sources')),
                ('changed_at', models.DateTimeField(editable=False, null=True)),
                ('why', models.CharField(blank=True, max_length=300, verbose_name='why it was changed')),
                ('changed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('value__isnull', True), ('value__gt', 0), _connector='OR'), name='charting_rule_value_positive'), models.CheckConstraint(condition=models.Q(models.Q(('changed_at__isnull', True), ('changed_by__isnull', True), ('why', '')), models.Q(('changed_at__isnull', False), ('changed_by__isnull', False), models.Q(('why', ''), _negated=True)), _connector='OR'), name='charting_rule_change_is_complete')],
            },
        ),
    ]
