"""Where matching appears: navigation and the nightly round."""

from portal.shell.registry import nightly

nightly("matching.index")
