import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incentives", "0001_initial")]

    operations = [
        # What stands in the ledger before this counts as posted on the day of the migration.
        migrations.AddField(
            model_name="ledgerentry",
            name="posted_on",
            field=models.DateField(default=datetime.date.today, verbose_name="posted on"),
            preserve_default=False,
        ),
    ]
