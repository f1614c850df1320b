from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "partners.directory"
    label = "directory"
    verbose_name = "Directory"
