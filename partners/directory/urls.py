from django.urls import path

from partners.directory import views

app_name = "directory"

urlpatterns = [
    path("partners/", views.PartnerList.as_view(), name="partners"),
    path("partners/new/", views.partner_create, name="partner_create"),
    path("partners/<uuid:pk>/", views.partner, name="partner"),
    path("partners/<uuid:pk>/edit/", views.partner_edit, name="partner_edit"),
    path("partners/<uuid:pk>/status/<slug:status>/", views.partner_status, name="partner_status"),
    path("company/", views.company, name="company"),
    path("company/edit/", views.company_edit, name="company_edit"),
    path("customers/", views.CustomerList.as_view(), name="customers"),
    path("customers/new/", views.customer_create, name="customer_create"),
    path("customers/<uuid:pk>/", views.customer, name="customer"),
    path("customers/<uuid:pk>/edit/", views.customer_edit, name="customer_edit"),
    path("products/", views.ProductList.as_view(), name="products"),
    path("products/new/", views.product_create, name="product_create"),
    path("products/<uuid:pk>/", views.product_edit, name="product_edit"),
    path("products/families/", views.FamilyList.as_view(), name="families"),
    path("products/families/new/", views.family_create, name="family_create"),
    path("products/families/<uuid:pk>/", views.family_edit, name="family_edit"),
]
