from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0004_exchange")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="key",
            field=models.SlugField(blank=True, default="", editable=False, max_length=60),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                fields=["key"], condition=~Q(key=""), name="catalogue_product_key_once"
            ),
        ),
    ]
