"""The pages that app.py lists: tests of every page go over them, and over no list of their own."""

import re

from cnnviz.workspace import ROOT

PAGES: list[str] = re.findall(r'st\.Page\("pages/(\w+)\.py"', (ROOT / "app.py").read_text())
