#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""clang-format has the last word on the looks of C; this asks it."""

import pathlib
import re
import shutil
import subprocess
import sys

import tree

VERSION = "14"  # others format differently
STYLE = pathlib.Path(__file__).parents[2] / ".clang-format"


def find():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        program = shutil.which(name)
        if program is None:
            continue
        text = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        if re.search(rf"version {VERSION}\.", text):
            return program
    return None


PROGRAM = find()
if PROGRAM is None:
    print(f"SKIPPED: there is no clang-format {VERSION}; nobody looked at the format of the code")
    sys.exit(tree.SKIP)


def check(root):
    paths = [str(root / p) for p in tree.files(root) if p.suffix in {".c", ".h", ".cc"}]
    complaints = []
    for start in range(0, len(paths), 50):
        some = paths[start : start + 50]
        done = subprocess.run(
            [PROGRAM, f"--style=file:{STYLE}", "--dry-run", "--Werror", *some],
            capture_output=True,
            text=True,
        )
        complaints += re.findall(r"^\S+:\d+:\d+: error.*$", done.stderr, re.M)
        if done.returncode != 0 and not complaints:
            complaints.append(done.stderr)
    return complaints


CASES = [
    ("good", {"core/a.c": "int\nmain (void)\n{\n  return 0;\n}\n"}, None),
    ("no space", {"core/a.c": "int\nmain(void)\n{\n  return 0;\n}\n"}, "a.c:2:"),
    ("a tab", {"plugins/a.h": "int\nmain (void)\n{\n\treturn 0;\n}\n"}, "a.h:3:"),
]

tree.run(check, CASES)
