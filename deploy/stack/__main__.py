"""`python -m deploy.stack`: starts everything, trains a first champion, serves until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from deploy.stack.digits import write_digits
from deploy.stack.service import NotStartedError
from deploy.stack.stack import MODEL, Stack


def main() -> int:
    parser = argparse.ArgumentParser(prog="make stack", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/stack"))
    parser.add_argument("--port", type=int, default=8000, help="of the prediction server")
    parser.add_argument("--once", action="store_true", help="end as soon as everything runs")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        with Stack(options.folder.resolve()) as stack:
            _first_champion(stack)
            print("Starting the server …", flush=True)
            stack.serve(port=options.port)
            stack.start_clients()
            for service in stack.services:
                print(f"  {service.name:<14} {service.address}")
            print(f"Logs: {stack.folder / 'logs'}. Ctrl-C ends all of it.", flush=True)
            while not options.once and all(service.is_running for service in stack.services):
                time.sleep(0.5)
            ended = [service.name for service in stack.services if not service.is_running]
    except KeyboardInterrupt:
        return 0
    except NotStartedError as reason:
        print(reason, file=sys.stderr)
        return 1
    if ended:
        print(
            f"Ended by itself: {', '.join(ended)}; see {options.folder / 'logs'}", file=sys.stderr
        )
    return 1 if ended else 0


def _first_champion(stack: Stack) -> None:
    """The trainer: digits in a minute, tracked, registered, through the gate."""
    if stack.countlab("registry", MODEL).stdout.count("champion"):
        return
    print("Training a first model …", flush=True)
    teach, judge = write_digits(stack.folder / "digits")
    trained = stack.folder / "trained"
    for step in (
        ("train", "labs/digits", "--data", teach, "--out", trained, "--quick", "--epochs", 8,
         "--track"),
        ("publish", trained, "--data", judge),
        ("promote", MODEL, 1, "--data", judge),
    ):  # fmt: skip
        done = stack.countlab(*step)
        if done.returncode:
            raise NotStartedError(done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(main())
