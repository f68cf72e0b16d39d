"""`fit` with nobody listening: `python -m benchmarks.bare_loop CONFIG STEPS WARM_UP` prints JSON."""

import json
import sys
from dataclasses import asdict

from benchmarks.sessions import images_per_second
from cnnviz.config import RunConfig
from cnnviz.data import catalogue
from cnnviz.train.session import prepare


def main() -> None:
    """Train for some steps, and say how fast that was and how it was computed."""
    config, steps, warm_up = RunConfig.parse(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    session = prepare(config, catalogue.load(config.data.name))
    speed = images_per_second(session, steps=steps, warm_up=warm_up)
    print(json.dumps({"images_per_second": speed, "execution": asdict(session.way)}))


if __name__ == "__main__":
    main()
