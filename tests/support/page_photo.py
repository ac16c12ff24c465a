"""The picture of the page that README and how-to show: a session in a real browser.

As a program, `python -m tests.support.page_photo`, it takes docs/images/page.png anew.
"""

import tempfile
from pathlib import Path

from tests.support import windows
from tests.support.desk import shop
from tests.support.page_shops import page_shop

from runthrough.bootstrap import load_pipeline

PHOTO = Path(__file__).parents[2] / "docs/images/page.png"
SIZE = {"width": 1280, "height": 1034}
PIPELINE = """\
name: sales
scripts: [scripts]
nodes:
  clean:
    inputs: {orders: data/orders.csv}
    environ_vars: {CURRENCY: EUR}
  forecast: {}
  offers: {}
  mail: {}
edges:
  - [clean, forecast]
  - [clean, offers]
  - [forecast, mail]
  - [offers, mail]
"""
FORECAST = '''
"""Tell next month from the last ones."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    orders = Path(input_paths["clean_orders"]).read_text()
    Path(output_paths["next_month"]).write_text(orders)
    Path(output_paths["next_year"]).write_text(orders)
'''
OFFERS = '''
"""Choose who is offered something."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    orders = Path(input_paths["clean_orders"]).read_text().splitlines()
    best = [f"{line} {environ_vars['CURRENCY']}" for line in orders[: int(job_args.customers)]]
    Path(output_paths["offers"]).write_text("\\n".join(best))
'''
MAIL = '''
"""Send it."""
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    text = Path(input_paths["outlook"]).read_text() + Path(input_paths["offers"]).read_text()
    Path(output_paths["sent"]).write_text(text)
'''


def photograph(path: Path) -> None:
    """Take the picture: a session with what passed, what is asked and what is proposed."""
    with tempfile.TemporaryDirectory() as folder:
        desk = shop(Path(folder) / "shop")
        for name, source in (("forecast", FORECAST), ("offers", OFFERS), ("mail", MAIL)):
            desk.script(name, source)
        file = desk.shell.file("sales.yaml", PIPELINE)
        session = desk.application().sessions.start(load_pipeline(file), name="november")
        session.run(["clean", "forecast"])
        with page_shop(desk) as begun, windows.chromium() as chromium:
            desktop = windows.Desktop(chromium)
            window = desktop.window(begun.url, begun.tokens["tim"], size=SIZE)
            window.go(f"/sessions/{session.session_id}?node=offers")
            window.live()
            window.page.screenshot(path=str(path))
            complaints = desktop.close()
        if complaints:
            raise RuntimeError("\n".join(complaints))


if __name__ == "__main__":
    photograph(PHOTO)
