# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Test Anything Protocol for tests in Python: @case marks the functions that are tests,
main() runs them. A case fails by raising, and is skipped by raising Skip."""

import faulthandler
import os
import sys
import traceback

CASES = []


class Skip(Exception):
    pass


def case(function):
    CASES.append(function)
    return function


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what or 'value'}: got {got!r}, wanted {wanted!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in:\n{text}")


def diagnose(text):
    for line in text.splitlines():
        print(f"# {line}")


def main(watchdog_seconds=120):
    # A test that hangs says where, long before meson ends it.
    faulthandler.enable()
    chosen = [c for c in CASES if len(sys.argv) < 2 or c.__name__ in sys.argv[1:]]
    failed = 0
    print(f"1..{len(chosen)}", flush=True)
    for number, function in enumerate(chosen, 1):
        name = function.__name__.replace("_", "-")
        faulthandler.dump_traceback_later(watchdog_seconds, exit=True)
        try:
            function()
        except Skip as reason:
            print(f"ok {number} {name} # SKIP {reason}")
        except Exception:
            failed += 1
            diagnose(traceback.format_exc())
            print(f"not ok {number} {name}")
        else:
            print(f"ok {number} {name}")
        sys.stdout.flush()
        faulthandler.cancel_dump_traceback_later()
    # Threads that wait for a pipe of a dead process must not keep this one.
    os._exit(1 if failed else 0)
