#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds the example of the manual for plugin authors as they would, with a compiler, make and
pkg-config against an installed Weir, and loads it.

usage: test-example.py BUILD SOURCE PREFIX LIBDIR MESON
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD, SOURCE, PREFIX, LIBDIR = sys.argv[1:5]
MESON = sys.argv[5:]
FAILED = 0


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    print("#", *command, "->", done.returncode)
    for line in (done.stdout + done.stderr).splitlines()[-20:]:
        print("#  ", line)
    return done


def check(what, ok):
    global FAILED
    FAILED += not ok
    print("ok" if ok else "not ok", "-", what, flush=True)


def pkg_config(stage):
    """A pkg-config that knows of the stage: only what belongs to Weir moves there."""
    script = stage / "pkg-config"
    script.write_text(
        "#!/bin/sh\n"
        f"PKG_CONFIG_PATH='{stage}{PREFIX}/{LIBDIR}/pkgconfig' pkg-config --keep-system-cflags "
        f"--keep-system-libs \"$@\" | sed -E 's,(-I|-L){PREFIX}/([^ ]*),\\1{stage}{PREFIX}/\\2 "
        f"\\1{PREFIX}/\\2,g'\n"
    )
    script.chmod(0o755)
    return script


def main():
    with tempfile.TemporaryDirectory(prefix="weir-stage-") as folder:
        stage = pathlib.Path(folder)
        done = run(*MESON, "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", stage)
        check("installs", done.returncode == 0)

        example = stage / "example"
        shutil.copytree(f"{SOURCE}/docs/examples/plugin", example)
        tool = pkg_config(stage)
        env = {**os.environ, "DESTDIR": str(stage), "PKG_CONFIG": str(tool)}
        flags = "-O2 -Wall -Wextra -Wno-unused-parameter -Werror"
        env["CFLAGS"] = flags
        done = run("make", "-C", example, "install", env=env)
        check("builds and installs", done.returncode == 0)

        plugins = stage / f"{PREFIX}/{LIBDIR}/weir-1/plugins".lstrip("/")
        check("is where plugins are", (plugins / "acme-teapot/acme-teapot.plugin").is_file())

        libs = run(tool, "--cflags", "--libs", "weir-1").stdout.split()
        loader = stage / "load-plugin"
        source = f"{SOURCE}/tests/plugins/load-plugin.c"
        done = run("cc", "-Wall", "-Werror", "-o", loader, source, *libs)
        check("an embedding program builds", done.returncode == 0)

        env["LD_LIBRARY_PATH"] = f"{stage}{PREFIX}/{LIBDIR}"
        run("ldd", loader, env=env)
        load = [loader, plugins, "acme-teapot", "teapot"]
        done = run(*load, "{'status': <@x 429>, 'path': <'/pot'>}", env=env)
        check("loads", done.returncode == 0 and done.stdout == "AcmeTeapot\n")
        done = run(*load, "{'status': <@x 99>}", env=env)
        check("has options with a range", "must be from 200 to 599, not 99" in done.stderr)
        done = run(*load, "{'statu': <@x 300>}", env=env)
        check("has options with names", "did you mean" in done.stderr)
        load = [loader, plugins, "acme-badge", "badge"]
        done = run(*load, "{'badge': <'42'>}", env=env)
        check("an authenticator loads", done.returncode == 0 and done.stdout == "AcmeBadge\n")
        done = run("make", "-C", example, "check", env=env)
        check("passes its own test", done.returncode == 0 and "ok 2 /teapot/elsewhere" in done.stdout)

    sys.exit(1 if FAILED else 0)


print("1..9")
main()
