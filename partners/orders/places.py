"""Where orders appear in the navigation, and that they are amounts."""

from django.utils.translation import gettext_lazy as _

from partners.orders.models import Order
from portal.shell.registry import SELLING, holds_money, navigation

navigation(_("Orders"), "orders:list", "shopping-cart", order=24, group=SELLING)
holds_money(Order.objects.exists)
