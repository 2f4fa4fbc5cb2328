#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The build was one compiler's; this asks clang what it thinks of the same sources.

  check-clang.py BUILD-DIR       every command of compile_commands.json, warnings fatal
  check-clang.py --self-test
"""

import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

import tree

CLANG = shutil.which("clang")
if CLANG is None:
    print("SKIPPED: there is no clang; nobody but one compiler has read the code")
    sys.exit(tree.SKIP)

# What stands for the output or for the other compiler alone.
DROPPED_WITH_VALUE = {"-o", "-MF", "-MQ"}
DROPPED = {"-c", "-MD", "-Winvalid-pch", "-fsanitize=fuzzer"}


def clang_command(entry):
    words = shlex.split(entry["command"])[1:]
    kept = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in DROPPED_WITH_VALUE:
            skip = True
        elif word not in DROPPED:
            kept.append(word)
    return [CLANG, "-fsyntax-only", "-Werror", "-Wno-unknown-warning-option", *kept]


def ask(entry):
    done = subprocess.run(
        clang_command(entry), cwd=entry["directory"], capture_output=True, text=True
    )
    return done.stderr if done.returncode != 0 else None


def check(build):
    entries = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    entries = [e for e in entries if e["file"].endswith(".c") and "/meson-generated_" not in e["output"]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [c for c in pool.map(ask, entries) if c]
    return len(entries), complaints


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        for code, good in [("int main (void) { return 0; }", True), ("int main (void) { int unused; return 0; }", False)]:
            (pathlib.Path(folder) / "a.c").write_text(code)
            entry = {"directory": folder, "file": "a.c", "output": "a.o", "command": "gcc -Wall -o a.o -c a.c"}
            (pathlib.Path(folder) / "compile_commands.json").write_text(json.dumps([entry]))
            if (not check(folder)[1]) != good:
                sys.exit(f"wrong about: {code}")


if sys.argv[1] == "--self-test":
    self_test()
else:
    count, complaints = check(sys.argv[1])
    print("\n".join(complaints))
    print(f"{count} files, {len(complaints)} with warnings")
    sys.exit(1 if complaints else 0)
