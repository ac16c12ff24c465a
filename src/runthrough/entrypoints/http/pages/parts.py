"""What stands on a session's screen beside the picture, the work list and the form."""

from runthrough.entrypoints.http.pages.attempts import node_names
from runthrough.entrypoints.http.pages.badge import badge_names
from runthrough.entrypoints.http.pages.menu import menu_names
from runthrough.entrypoints.http.pages.run_bar import run_names
from runthrough.entrypoints.http.pages.timeline import timeline_names

EXTRAS = (badge_names, menu_names, run_names, timeline_names, node_names)
"""Each gives names for the templates, of a screen that is shown."""
