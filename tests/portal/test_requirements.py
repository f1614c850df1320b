"""What the portal imports when it runs is what requirements.txt installs; the test tools bring more."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A Python in which everything that requirements.txt does not install is missing.
RUNNING = """
import importlib, importlib.abc, importlib.metadata, re, sys

locked = {re.sub(r"[-_.]+", "-", name).lower() for name in sys.argv[1:]}

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

hidden = {
    module
    for module, homes in importlib.metadata.packages_distributions().items()
    if module.isidentifier() and not any(re.sub(r"[-_.]+", "-", home).lower() in locked for home in homes)
}
assert "pytest" in hidden and "django" not in hidden
sys.meta_path.insert(0, Missing())

# Some ask what is installed before they import it.
installed = importlib.metadata.distribution

def distribution(name):
    if re.sub(r"[-_.]+", "-", name).lower() not in locked:
        raise importlib.metadata.PackageNotFoundError(name)
    return installed(name)

importlib.metadata.distribution = distribution

import django
django.setup()
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
get_resolver().url_patterns
for name, app in get_commands().items():
    if app.partition(".")[0] in {"portal", "partners", "metrics", "incentives"}:
        load_command_class(app, name)
for name in ("portal.wsgi", "portal.run", "granian.cli", "redbeat.schedulers", "kombu.transport.redis",
             "celery.bin.celery", "celery.worker", "celery.beat", "django.core.cache.backends.redis"):
    importlib.import_module(name)
"""


def test_the_portal_runs_on_its_own_requirements_alone() -> None:
    locked = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    run = subprocess.run(
        [sys.executable, "-c", RUNNING, *locked], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr[-2000:]
