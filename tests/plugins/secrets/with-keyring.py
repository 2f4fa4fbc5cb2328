#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program on a session bus of its own, beside a GNOME Keyring that is unlocked.

usage: with-keyring.py PROGRAM [ARGUMENT...]

Nothing of the keyring of whoever runs it is seen or changed.
"""

import os
import shutil
import subprocess
import sys
import tempfile

NEEDED = ("dbus-run-session", "gnome-keyring-daemon")


def inside(command):
    """On the private bus: starts the keyring, then the program, and ends both."""
    keyring = subprocess.Popen(
        ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    keyring.stdin.write(b"test")
    keyring.stdin.close()
    # It prints where its socket is as soon as it has the bus name and the keyring.
    keyring.stdout.readline()
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        keyring.terminate()
        keyring.wait(10)


def main():
    if sys.argv[1] == "--inside":
        sys.exit(inside(sys.argv[2:]))
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"1..0 # SKIP there is no {' and no '.join(missing)}")
        sys.exit(0)
    with tempfile.TemporaryDirectory(prefix="weir-keyring-") as home:
        env = dict(os.environ, WEIR_TEST_KEYRING="1", HOME=home, XDG_RUNTIME_DIR=home)
        for name, folder in (("DATA", "data"), ("CONFIG", "config"), ("CACHE", "cache")):
            env[f"XDG_{name}_HOME"] = f"{home}/{folder}"
        command = ["dbus-run-session", "--", sys.executable, __file__, "--inside", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=env, check=False).returncode)


main()
