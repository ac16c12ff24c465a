"""A session on one node with several needs, for forms to be filled in."""

from tests.support.service import Counter

from runthrough.bootstrap import load_pipeline
from runthrough.core.views.rows import rows_of

TWO_NEEDS = '''
"""Send the report."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    text = Path(input_paths["letter"]).read_text()
    to = environ_vars["SENT_TO"]
    key = environ_vars["MAIL_API_KEY"]
    assert job_args.tone in ("plain", "formal")
    Path(output_paths["sent"]).write_text(to + key + text)
'''
TWO = """\
name: mail
scripts: [scripts]
nodes:
  send: {}
"""


def started(counter: Counter, name: str, pipeline: str, **scripts: str) -> str:
    """The address of a session on another pipeline of the same folder."""
    for stem, source in scripts.items():
        counter.desk.script(stem, source)
    file = counter.desk.shell.file(f"{name}.yaml", pipeline)
    session = counter.application.sessions.start(load_pipeline(file), name=name)
    return f"/sessions/{session.session_id}"


def values(counter: Counter, name: str, node: str) -> dict[str, object]:
    """The values of a node as they are recorded."""
    session = counter.application.sessions.open(name)
    return {str(row["name"]): row["value"] for row in rows_of(session.whole_node(node)["values"])}
