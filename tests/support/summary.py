#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what `meson test` ran: every line of a TAP test, every other test as one.

    summary.py BUILD-DIR STATUS-OF-MESON-TEST

Prints the skipped and the failed ones, then "N passed, M failed"."""

import json
import pathlib
import re
import subprocess
import sys

TAP = re.compile(r"^(not )?ok\b\s*\d*\s*(?:- )?([^#]*?)\s*(?:#\s*(SKIP|T[O]DO)\b\S*\s*(.*))?$", re.I)
PLAN = re.compile(r"^1\.\.\d+\s*(?:#\s*SKIP\b\S*\s*(.*))?$", re.I)


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add_tap(self, name, text):
        """Adds the lines of one TAP test; returns how many of them failed."""
        bad = 0
        for line in text.splitlines():
            match = TAP.match(line)
            if not match:
                plan = PLAN.match(line)
                if plan and line.startswith("1..0"):
                    self.skipped.append((name, plan.group(1) or ""))
                continue
            is_bad, title, directive, reason = match.groups()
            title = f"{name}: {title}"
            if directive and directive.upper() == "SKIP":
                self.skipped.append((title, reason or ""))
            elif is_bad and not directive:
                self.failed.append(title)
                bad += 1
            else:
                self.passed += 1
        return bad

    def add(self, test, is_tap):
        name, result = test["name"], test["result"]
        good = result in ("OK", "EXPECTEDFAIL")
        bad = self.add_tap(name, test.get("stdout", "")) if is_tap else 0
        if result == "SKIP":
            if not is_tap:
                self.skipped.append((name, ""))
        elif not good and not bad:
            # Crashed, timed out, or stopped before its plan was done.
            self.failed.append(f"{name}: {result.lower()}")
        elif good and not is_tap:
            self.passed += 1


def main():
    build, status = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    tally = Tally()
    listed = json.loads(
        subprocess.run(
            ["meson", "introspect", "--tests", str(build)], check=True, capture_output=True, text=True
        ).stdout
    )
    protocols = {test["name"]: test["protocol"] for test in listed}
    log = build / "meson-logs" / "testlog.json"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    for line in lines:
        test = json.loads(line)
        # "weir:unit / base-head" in the log is "base-head" in the list.
        short = test["name"].rpartition(" / ")[2].rpartition(":")[2]
        tally.add(test, protocols.get(short, "exitcode") == "tap")
    if status != 0 and not tally.failed:
        tally.failed.append(f"meson test ended with status {status}")
    for name, reason in tally.skipped:
        print(f"skipped: {name}" + (f" ({reason})" if reason else ""))
    for name in tally.failed:
        print(f"FAILED: {name}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
