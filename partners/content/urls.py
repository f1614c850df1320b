from django.urls import path

from partners.content import views

app_name = "content"

urlpatterns = [
    path("", views.AssetList.as_view(), name="list"),
    path("new/", views.create, name="create"),
    path("new/link/", views.create_link, name="create_link"),
    path("categories/", views.CategoryList.as_view(), name="categories"),
    path("categories/new/", views.category_create, name="category_create"),
    path("categories/<uuid:pk>/", views.category, name="category"),
    path("use/", views.AssetUse.as_view(), name="use"),
    path("use/partners/", views.PartnerUse.as_view(), name="use_by_partner"),
    path("use/downloads/", views.DownloadList.as_view(), name="downloads"),
    path("<uuid:pk>/", views.asset, name="asset"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/state/<slug:state>/", views.status, name="status"),
    path("<uuid:pk>/versions/new/", views.version_create, name="version_create"),
    path("<uuid:pk>/box/", views.box, name="box"),
    path("<uuid:pk>/preview/", views.preview, name="preview"),
    path("<uuid:pk>/download/", views.download, name="download"),
    path("versions/<uuid:pk>/download/", views.version_download, name="version_download"),
    path("<uuid:pk>/brand/", views.brand, name="brand"),
    path("<uuid:pk>/branded/", views.branded, name="branded"),
    path("<uuid:pk>/branded/preview/", views.branded_preview, name="branded_preview"),
]
