#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the shared library exports is what the public headers declare: no more, no less.

usage: check-symbols.py LIBRARY HEADER...    or    check-symbols.py --self-test
"""

import pathlib
import re
import subprocess
import sys

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|^#([^\n]*\\\n)*[^\n]*", re.S | re.M)
# Up to the first bracket: the name stands before it.
DECLARATION = re.compile(r"\bWEIR_AVAILABLE_IN_\w+\s+([^;{]*?)\s*\(")
DECLARE = re.compile(r"G_DECLARE_\w+\s*\(\s*\w+\s*,\s*(\w+)\s*,")


def declared(text):
    text = COMMENT.sub(" ", text)
    names = set()
    for match in DECLARATION.finditer(text):
        words = re.findall(r"\w+", match.group(1))
        if words and not words[-1].startswith("G_DECLARE_"):
            names.add(words[-1])
    for match in DECLARE.finditer(text):
        names.add(match.group(1) + "_get_type")
    return names


def exported(library):
    out = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", library],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {line.split()[0].split("@")[0] for line in out.splitlines()}


def compare(symbols, names):
    complaints = []
    for symbol in sorted(symbols - names):
        if symbol.startswith("weir_"):
            complaints.append(f"{symbol}: is exported, but no public header declares it")
        else:
            complaints.append(f"{symbol}: is exported, but is not ours")
    for name in sorted(names - symbols):
        complaints.append(f"{name}: is declared in a public header, but not exported")
    return complaints


def self_test():
    header = """
    /* WEIR_AVAILABLE_IN_ALL void weir_in_a_comment (void); */
#define WEIR_AVAILABLE_IN_1_2 __attribute__ ((visibility ("default"))) \\
      extern
    WEIR_AVAILABLE_IN_ALL
    G_DECLARE_FINAL_TYPE (WeirThing,
                          weir_thing, WEIR, THING, GObject)
    WEIR_AVAILABLE_IN_ALL
    const char *const *weir_thing_get_words (WeirThing *self); /* nullable */
    WEIR_AVAILABLE_IN_1_2
    void
    weir_thing_call (WeirThing *self, void (*func) (int), gpointer user_data);
    WEIR_AVAILABLE_IN_ALL
    GType weir_kind_get_type (void) G_GNUC_CONST;
    void weir_thing_not_exported (void);
    """
    names = {"weir_thing_get_type", "weir_thing_get_words", "weir_thing_call", "weir_kind_get_type"}
    cases = [
        ("declarations", declared(header) == names),
        ("the same", compare(names, names) == []),
        ("one too many", compare(names | {"weir_secret"}, names) != []),
        ("one of another", compare(names | {"_ZN4toml"}, names) != []),
        ("one too few", compare(names - {"weir_thing_call"}, names) != []),
    ]
    for what, ok in cases:
        print("ok" if ok else "NOT OK", "-", what)
    return all(ok for _, ok in cases)


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(0 if self_test() else 1)

    names = set()
    for header in sys.argv[2:]:
        names |= declared(pathlib.Path(header).read_text())
    complaints = compare(exported(sys.argv[1]), names)
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)


main()
