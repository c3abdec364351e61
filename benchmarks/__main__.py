"""``python -m benchmarks [--quick] [NAME …]``: answers these questions, or all of them, in Markdown.

Ends with a failure only when the product did something wrong (rows are missing), never because it was slow.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import subprocess
import sys

import django

from benchmarks.harness import ROOT, Hub, WrongResultError

QUESTIONS = (
    *("polling", "polling_long", "importing", "pages", "conversation"),
    *("search", "search_quality", "search_alerts"),
)


def answer(name: str, *, quick: bool) -> int:
    """One question, in this process, with a hub of its own."""
    with Hub() as hub:
        hub.manage("migrate", "--skip-checks", "--verbosity=0")
        django.setup()  # only now: the settings read the environment that the hub has made
        question = importlib.import_module(f"benchmarks.{name}")
        try:
            question.run(hub, quick=quick)
        except WrongResultError as error:
            print(f"\n**Wrong result** in {name}: {error}", flush=True)
            return 1
    return 0


def ask(name: str, flags: list[str]) -> int:
    """One question in a process of its own, which is told when we are."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks", *flags, name], cwd=ROOT)
    try:
        return process.wait()
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(QUESTIONS))
    parser.add_argument("--quick", action="store_true", help="a tenth of the load, to see that it runs")
    options = parser.parse_args()
    names = options.names or list(QUESTIONS)
    if unknown := sorted(set(names) - set(QUESTIONS)):
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that whoever stops us leaves nothing running
    if len(names) == 1:
        return answer(names[0], quick=options.quick)
    print("# Benchmarks", flush=True)
    flags = ["--quick"] if options.quick else []
    return max([ask(name, flags) for name in names])


if __name__ == "__main__":
    sys.exit(main())
