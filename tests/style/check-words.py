#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every file says or does not say, and which files there are."""

import re

import tree

TOP = {
    "meson.build",
    "meson_options.txt",
    "core",
    "plugins",
    "bootstrap",
    "data",
    "po",
    "tests",
    "docs",
    "README.md",
    "LICENSE",
}
SOURCES = {".c", ".h", ".cc", ".in", ".py", ".js", ".mjs", ".ts", ".sh"}
TEXTS = SOURCES | {".build", ".md", ".toml", ".json", ".txt", ".css", ".html", ".xml"}
# Spelt so that this file does not complain about itself.
LATER = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]) + r")\b")
SPDX = "SPDX-License-" "Identifier: LGPL-2.1-or-later"
# Given to people to copy, or input of a test: not sources of Weir.
NOT_OURS = re.compile(r"^(docs/examples|core/cli/templates|tests/(.*/)?(fixtures|functions|corpus|data))/")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
ROOM_HAS = re.compile(r"^May include: ", re.M)


def check_text(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if LATER.search(line):
            yield f"{path}:{number}: leaves something for later: {line.strip()}"

    is_source = path.suffix in SOURCES - {".in"} or text.startswith("#!")
    if path.name.endswith((".h.in", ".c.in")):
        is_source = True
    if is_source and not NOT_OURS.match(str(path)) and SPDX not in "\n".join(text.split("\n")[:3]):
        yield f"{path}: has no “{SPDX}” at its top"


def check_links(root, path, text):
    for target in LINK.findall(text):
        # An address, a place on the same page, or what gi-docgen resolves.
        if not re.match(r"[a-z]+:|#|.*@", target) and not (root / path.parent / target.split("#")[0]).exists():
            yield f"{path}: links to {target}, which is not there"


def check_rooms(root, paths):
    for room in sorted({p.parts[1] for p in paths if p.parts[0] == "core" and len(p.parts) > 2}):
        readme = root / "core" / room / "README.md"
        if not readme.is_file():
            yield f"core/{room}: has no README.md"
        elif not ROOM_HAS.search(readme.read_text()):
            yield f"core/{room}/README.md: does not say what the room may include"


def check(root):
    paths = tree.files(root)
    complaints = list(check_rooms(root, paths))

    for top in sorted({p.parts[0] for p in paths}):
        if top not in TOP and not top.startswith("."):
            complaints.append(f"{top}: does not belong at the top level")
    for path in paths:
        if path.suffix in TEXTS or (path.suffix == "" and path.name != "LICENSE"):
            complaints += check_text(path, (root / path).read_text(errors="replace"))
        if path.suffix == ".md":
            complaints += check_links(root, path, (root / path).read_text(errors="replace"))
    potfiles = root / "po/POTFILES.in"
    if potfiles.is_file():
        for name in potfiles.read_text().split("\n"):
            if name and not name.startswith("#") and not (root / name.strip()).is_file():
                complaints.append(f"po/POTFILES.in: there is no {name}")
    return complaints


HEAD = f"/* {SPDX} */\n"
CASES = [
    ("good", {"core/io/a.c": HEAD, "core/io/README.md": "May include: base.\n"}, None),
    ("a promise", {"tests/a.c": HEAD + "/* TO" "DO: more */\n"}, "tests/a.c:2: leaves something"),
    ("a name with such letters", {"tests/a.c": HEAD + '"weir-' + "X" * 6 + '"\n'}, None),
    ("no licence", {"plugins/a.c": "int a;\n"}, "plugins/a.c: has no"),
    ("a script without licence", {"tests/run": "#!/bin/sh\n"}, "tests/run: has no"),
    ("an example without licence", {"docs/examples/functions/a.ts": "1\n"}, None),
    ("a room without README", {"core/io/a.c": HEAD}, "core/io: has no README.md"),
    ("a README without arrows", {"core/io/README.md": "x\n"}, "does not say what the room may"),
    ("a stray folder", {"src/a.c": HEAD}, "src: does not belong"),
    ("a stray file", {"Makefile": "all:\n"}, "Makefile: does not belong"),
    ("a link", {"docs/a.md": "[b](b.md#x) [c](https://c.example/)\n", "docs/b.md": "[a](#a)\n"}, None),
    ("a link to nothing", {"docs/a.md": "see [`b`](b.md#x)\n"}, "docs/a.md: links to b.md#x, which"),
    ("a dot file", {".ci/x": "\n"}, None),
    ("a translation of nothing", {"po/POTFILES.in": "core/cli/none.c\n"}, "there is no core/cli"),
]

tree.run(check, CASES)
