"""Django's admin, for the platform's own staff: vendors, users and who is a member where.

What lies inside a tenant's walls is not here; nothing can be deleted, because records refer to it.
"""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest

from portal.accounts.models import Membership, User
from portal.tenancy.models import Tenant

# The admin's own sign-in form would pass by two-step sign-in and rate limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Partner portal, platform"
admin.site.site_url = None


class KeptAdmin(admin.ModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Tenant)
class TenantAdmin(KeptAdmin):
    list_display = ("name", "slug", "country", "currency", "is_demo", "created_at")
    search_fields = ("name", "slug")
    exclude = ("logo",)


@admin.register(User)
class UserAdmin(KeptAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "date_joined")
    search_fields = ("email", "name")
    list_filter = ("is_active", "is_staff")
    fields = (
        "email",
        "name",
        "language",
        "is_active",
        "is_staff",
        "is_superuser",
        "date_joined",
        "last_login",
    )
    readonly_fields = ("date_joined", "last_login")


@admin.register(Membership)
class MembershipAdmin(KeptAdmin):
    list_display = ("user", "tenant", "role", "is_active", "created_at")
    list_filter = ("role", "is_active")
    search_fields = ("user__email", "user__name", "tenant__name")
    list_select_related = ("user", "tenant")
    autocomplete_fields = ("user", "tenant")
    readonly_fields = ("partner_id",)
