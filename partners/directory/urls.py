from django.urls import path

from partners.directory import views
from partners.directory.company import views as company
from partners.directory.locator import views as locator
from partners.directory.merging import views as merging

app_name = "directory"

urlpatterns = [
    path("partners/", views.PartnerList.as_view(), name="partners"),
    path("partners/new/", views.partner_create, name="partner_create"),
    path("partners/<uuid:pk>/", views.partner, name="partner"),
    path("partners/<uuid:pk>/edit/", views.partner_edit, name="partner_edit"),
    path("partners/<uuid:pk>/status/<slug:status>/", views.partner_status, name="partner_status"),
    path("partners/<uuid:pk>/merge/", merging.merge, name="merge"),
    path("partners/<uuid:pk>/profile/", company.profile, name="profile"),
    path("partners/<uuid:pk>/logo/", company.logo, name="logo"),
    path("partners/<uuid:pk>/logo/edit/", company.logo_edit, name="logo_edit"),
    path("partners/<uuid:pk>/logo/remove/", company.logo_remove, name="logo_remove"),
    path("partners/<uuid:pk>/addresses/new/", company.address_create, name="address_create"),
    path("partners/addresses/<uuid:pk>/", company.address, name="address"),
    path("partners/addresses/<uuid:pk>/remove/", company.address_remove, name="address_remove"),
    path("partners/<uuid:pk>/contacts/new/", company.contact_create, name="contact_create"),
    path("partners/contacts/<uuid:pk>/", company.contact, name="contact"),
    path("partners/contacts/<uuid:pk>/remove/", company.contact_remove, name="contact_remove"),
    path("competences/", company.CompetenceList.as_view(), name="competences"),
    path("competences/new/", company.competence_create, name="competence_create"),
    path("competences/<uuid:pk>/", company.competence, name="competence"),
    path("settings/locator/", company.locator_settings, name="locator_settings"),
    path("locator/", locator.search, name="locator"),
    path("locator/<uuid:pk>/", locator.company, name="locator_company"),
    path("locator/<uuid:pk>/logo/", locator.logo, name="locator_logo"),
    path("company/listing/<slug:state>/", company.listing, name="listing"),
    path("company/", views.company, name="company"),
    path("company/edit/", views.company_edit, name="company_edit"),
    path("customers/", views.CustomerList.as_view(), name="customers"),
    path("customers/new/", views.customer_create, name="customer_create"),
    path("customers/<uuid:pk>/", views.customer, name="customer"),
    path("customers/<uuid:pk>/edit/", views.customer_edit, name="customer_edit"),
    path("customers/<uuid:pk>/end/", views.customer_end, name="customer_end"),
    path("customers/<uuid:pk>/resume/", views.customer_resume, name="customer_resume"),
    path("products/", views.ProductList.as_view(), name="products"),
    path("products/new/", views.product_create, name="product_create"),
    path("products/<uuid:pk>/", views.product_edit, name="product_edit"),
    path("products/families/", views.FamilyList.as_view(), name="families"),
    path("products/families/new/", views.family_create, name="family_create"),
    path("products/families/<uuid:pk>/", views.family_edit, name="family_edit"),
]
