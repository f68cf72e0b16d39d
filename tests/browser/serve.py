"""The app whose workers come from a nursery: `python -m tests.browser.serve NURSERY --port PORT`."""

import sys
from pathlib import Path

from cnnviz.runs import process
from cnnviz.ui.shell import serve
from tests import nursery_client

if __name__ == "__main__":
    process.subprocess = nursery_client.stand_in(Path(sys.argv.pop(1)))
    serve.main()
