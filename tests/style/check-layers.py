#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads the include lines and finds those against the arrows between the rooms."""

import re

import tree

# Peers never include each other; what stands here is also what the README of a room says.
ROOMS = {
    "base": [],
    "io": ["base"],
    "config": ["base"],
    "store": ["base"],
    "plugin": ["base"],
    "worker": ["base", "io", "store"],
    "http": ["base", "io", "store", "worker"],
    "admin": ["base", "io", "config", "store", "plugin", "worker", "http"],
    "testing": ["base", "io", "store", "worker", "http"],
    "server": ["base", "io", "config", "store", "plugin", "worker", "http", "admin"],
    "cli": [],
}
# The ABI speaks GLib and GIO only.
PUBLIC_SYSTEM = {"glib.h", "glib-object.h", "gio/gio.h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
SOURCES = {".c", ".h", ".cc", ".in"}


def includes(path):
    text = path.read_text(errors="replace")
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield line, match.group(1) == '"', match.group(2)


def check_core(root, path, public, known):
    room = path.parts[1]
    is_public = str(path.relative_to("core")) in public
    if room not in ROOMS:
        yield f"{path}: there is no room “{room}”"
        return
    if path.suffix == ".h" and room != "cli":
        if not is_public and not path.name.endswith("-private.h"):
            yield f"{path}: is neither in weir.h nor named -private.h"
        if is_public and path.name.endswith("-private.h"):
            yield f"{path}: a private header is in weir.h"

    for line, quoted, name in includes(root / path):
        where = f"{path}:{line}"
        if not quoted:
            if name == "weir.h" and room != "cli":
                yield f"{where}: <weir.h> is for those outside of the library"
            if is_public and name not in PUBLIC_SYSTEM:
                yield f"{where}: public headers include GLib and GIO only, not <{name}>"
            continue
        other = name.split("/")[0]
        if room == "cli" and (root / path.parent / name).is_file():
            continue  # a program of its own, beside the library
        if "/" not in name or other not in ROOMS:
            yield f"{where}: “{name}” does not begin with a room"
        elif other != room and other not in ROOMS[room]:
            yield f"{where}: {room} must not include {other} (“{name}”)"
        elif f"core/{name}" not in known:
            yield f"{where}: there is no “{name}”"
        elif is_public and name not in public:
            yield f"{where}: a public header includes a private one (“{name}”)"


def check_outside(root, path):
    """Plugins and examples see <weir.h>, their own headers and libraries."""
    for line, quoted, name in includes(root / path):
        if quoted and not (root / path.parent / name).is_file():
            yield f"{path}:{line}: “{name}” is not beside it; plugins see <weir.h> only"
        elif not quoted and name.split("/")[0] in ROOMS:
            yield f"{path}:{line}: plugins see <weir.h> only, not <{name}>"
    if re.search(r"\bWEIR_(COMPILATION|INSIDE)\b", (root / path).read_text(errors="replace")):
        yield f"{path}: pretends to be inside of the library"


def check(root):
    paths = [p for p in tree.files(root) if p.suffix in SOURCES]
    known = {re.sub(r"\.in$", "", str(p)) for p in paths}
    umbrella = root / "core/weir.h"
    public = {name for _, quoted, name in includes(umbrella) if quoted} if umbrella.exists() else set()
    complaints = [f"core/weir.h: there is no “{n}”" for n in public if f"core/{n}" not in known]

    for path in paths:
        if path.suffix == ".in" and not path.stem.endswith(".h"):
            continue
        if path.parts[0] == "core" and len(path.parts) > 2:
            if path.suffix != ".in":
                complaints += check_core(root, path, public, known)
        elif path.parts[0] == "plugins" or path.parts[:3] == ("docs", "examples", "plugin"):
            complaints += check_outside(root, path)
    return complaints


UMBRELLA = {"core/weir.h": '#include "base/a.h"\n', "core/base/a.h": "#include <glib.h>\n"}
CASES = [
    ("an arrow that is right", {"core/http/x.c": '#include "base/a.h"\n', **UMBRELLA}, None),
    (
        "an arrow backwards",
        {"core/base/x.c": '#include "http/y-private.h"\n', "core/http/y-private.h": "", **UMBRELLA},
        "base must not include http",
    ),
    (
        "peers",
        {"core/io/x.c": '  # include  "store/y-private.h"\n', "core/store/y-private.h": "", **UMBRELLA},
        "core/io/x.c:1: io must not include store",
    ),
    ("no room", {"core/io/x.c": '#include "a.h"\n', **UMBRELLA}, "does not begin with a room"),
    ("no file", {"core/io/x.c": '#include "base/none.h"\n', **UMBRELLA}, "there is no “base/none.h”"),
    ("an unnamed header", {"core/io/x.h": "", **UMBRELLA}, "neither in weir.h nor named"),
    ("an unknown room", {"core/util/x.c": "", **UMBRELLA}, "no room “util”"),
    ("a command", {"core/cli/x.c": '#include "x.h"\n', "core/cli/x.h": "", **UMBRELLA}, None),
    (
        "a command that looks inside",
        {"core/cli/x.c": '#include "base/a.h"\n', **UMBRELLA},
        "cli must not include base",
    ),
    (
        "a library in the ABI",
        {**UMBRELLA, "core/base/a.h": "#include <libsoup/soup.h>\n"},
        "GLib and GIO only",
    ),
    (
        "private in public",
        {**UMBRELLA, "core/base/a.h": '#include "base/b-private.h"\n', "core/base/b-private.h": ""},
        "includes a private one",
    ),
    (
        "a plugin as it should be",
        {"plugins/x/a.c": '#include <weir.h>\n#include "b.h"\n', "plugins/x/b.h": "", **UMBRELLA},
        None,
    ),
    (
        "a plugin that looks inside",
        {"plugins/x/a.c": '#include "base/a.h"\n', **UMBRELLA},
        "plugins see <weir.h> only",
    ),
    (
        "a plugin that pretends",
        {"plugins/x/a.c": "#define WEIR_COMPILATION\n#include <weir.h>\n", **UMBRELLA},
        "pretends",
    ),
]

tree.run(check, CASES)
