"""Engines in a process of their own: `engine_process.py DATA_DIR [--detached] [--durable] [--uid N]`.

Prints one JSON line once they answer, then obeys `stop` and `end` on its input.
"""

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

from bedplate.platform.embedded import EmbeddedError, Engines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--detached", action="store_true")
    parser.add_argument("--durable", action="store_true")
    parser.add_argument("--uid", type=int)
    options = parser.parse_args()
    if options.uid:
        os.setgroups([])
        os.setgid(options.uid)
        os.setuid(options.uid)
    told: list[str] = []
    try:
        engines = Engines(
            options.data_dir, durable=options.durable, progress=told.append, detached=options.detached
        )
        urls = dataclasses.asdict(engines.start())
    except EmbeddedError as error:
        tell(error=str(error))
        return
    pids = {"postgres": engines.postgres.pid, "valkey": engines.valkey.pid}
    tell(**urls, **pids, told=told, root=str(engines.postgres.home.root))
    for line in sys.stdin:
        if line == "stop\n":
            engines.stop()
            tell()


def tell(**answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


main()
