# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the style checks share: the files of a tree, and how a check runs and tests itself."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

SKIP = 77  # what meson takes for "skipped"


def _walk(folder):
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.is_file():
            yield path
        elif path.name != ".git" and not (path / "meson-private").exists():
            yield from _walk(path)


def files(root):
    """All files that belong to the project, as paths relative to root."""
    root = pathlib.Path(root)
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True,
        )
        if listed.returncode == 0:
            names = listed.stdout.decode().split("\0")
            return [pathlib.Path(n) for n in sorted(set(names)) if n and (root / n).is_file()]
    return [p.relative_to(root) for p in _walk(root)]


def make(root, content):
    """Writes a tree for a self-test: {path: text}."""
    for name, text in content.items():
        path = pathlib.Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(check, cases):
    """check (root) -> list of complaints. cases: [(what, {path: text}, part of the complaint
    or None when there must be none)]."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--self-test", action="store_true", help="prove that the check can fail")
    parser.add_argument("root", nargs="?", default=str(pathlib.Path(__file__).parents[2]))
    args = parser.parse_args()

    if not args.self_test:
        complaints = check(pathlib.Path(args.root))
        for complaint in complaints:
            print(complaint)
        sys.exit(1 if complaints else 0)

    wrong = 0
    for what, content, expected in cases:
        with tempfile.TemporaryDirectory(prefix="weir-style-") as root:
            make(root, content)
            complaints = check(pathlib.Path(root))
        if expected is None:
            ok = not complaints
        else:
            ok = any(expected in complaint for complaint in complaints)
        print("ok" if ok else "NOT OK", "-", what, "" if ok else complaints)
        wrong += not ok
    sys.exit(1 if wrong else 0)
