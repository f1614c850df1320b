from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.shell.registry import nightly
from portal.shell.search import search


class SearchConfig(AppConfig):
    name = "portal.search"
    label = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        import_module(f"{self.name}.rules")
        import_module(f"{self.name}.api").register()
        pages = import_module(f"{self.name}.pages")
        search("pages", _("Pages"), find=pages.pages, icon="layout-sidebar", queries=0, order=90)
        nightly("search.index")
