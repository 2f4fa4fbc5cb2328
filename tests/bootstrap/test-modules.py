# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a function's modules and files may come from."""

import json
import os
import pathlib
import tempfile

from driver import FUNCTIONS, PrepareError, Worker, expect, main


def serves(entry, text, **more):
    def test():
        with Worker(entry, **more) as worker:
            worker.ready()
            expect(worker.request("/").text, text)

    return entry, test


def files_beside():
    with Worker("files/index.ts") as worker:
        worker.ready()
        expect(json.loads(worker.request("/").text),
               {"answer": 42, "add": 3, "sum": 42, "text": "beside\n", "same": True})


def prepare_lists_files():
    with Worker("own-deno-json/index.ts") as worker:
        names = {os.path.relpath(path, FUNCTIONS) for path in worker.launch["files"]}
        expect(names, {"own-deno-json/index.ts", "own-deno-json/lib/greet.ts",
                       "own-deno-json/deno.jsonc"})
    with Worker("shared/index.ts") as worker:
        names = {os.path.relpath(path, FUNCTIONS) for path in worker.launch["files"]}
        expect(names, {"shared/index.ts", "_shared/words.ts", "_shared/deep/more.ts"})
    with Worker("linked-map/index.ts") as worker:
        names = {os.path.relpath(path, FUNCTIONS) for path in worker.launch["files"]}
        expect(names, {"linked-map/index.ts", "linked-map/deno.json", "maps/linked.json",
                       "maps/lib/outer.ts", "maps/lib/inner.ts"})


def flat_file_in_strange_folder():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "a folder with ünusual %20 name"
        (root / "_shared").mkdir(parents=True)
        (root / "_shared" / "x.ts").write_text("export const x = 'flat';")
        (root / "flat.ts").write_text(
            "import { x } from '_shared/x.ts';"
            "const own = await Deno.readTextFile(new URL('./flat.ts', import.meta.url));"
            "Deno.serve(() => new Response(x + own.length));")
        with Worker("flat.ts", root=root) as worker:
            worker.ready()
            assert worker.request("/").text.startswith("flat")


def a_glob_shows_no_variables():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        root = pathlib.Path(folder) / "functions"
        for name in ("page.html", ".env", "functions/.env", "functions/other/.env.local",
                     "functions/other/page.html"):
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("A=1")
        (root / "f").mkdir()
        (root / "f" / "index.ts").write_text(
            "Deno.serve((request) => Deno.readTextFile('../..' + new URL(request.url).pathname)"
            ".then((text) => new Response(text), (error) => new Response(error.name)));")
        with Worker("f/index.ts", root=root, args=["--static-file", "../../**/*.html"]) as worker:
            worker.ready()
            for path in ("/page.html", "/functions/other/page.html"):
                expect(worker.request(path).text, "A=1")
            for path in ("/.env", "/functions/.env", "/functions/other/.env.local"):
                expect((path, worker.request(path).text), (path, "NotCapable"))


def a_comma_is_refused():
    with tempfile.TemporaryDirectory(prefix="a,b") as folder:
        pathlib.Path(folder, "x.ts").write_text("Deno.serve(() => new Response());")
        try:
            Worker("x.ts", root=folder).close()
        except PrepareError as error:
            assert "a comma: rename it" in str(error), error
        else:
            raise AssertionError("it was launched")


def root_map_is_the_last_resort():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "one").mkdir()
        (root / "lib.ts").write_text("export default 'from the root';")
        (root / "import_map.json").write_text('{"imports": {"lib": "./lib.ts"}}')
        (root / "one" / "index.ts").write_text(
            "import lib from 'lib'; Deno.serve(() => new Response(lib));")
        with Worker("one/index.ts", root=root) as worker:
            worker.ready()
            expect(worker.request("/").text, "from the root")
        (root / "one" / "own.ts").write_text("export default 'own';")
        (root / "one" / "deno.json").write_text('{"imports": {"lib": "./own.ts"}}')
        with Worker("one/index.ts", root=root) as worker:
            worker.ready()
            expect(worker.request("/").text, "own")
        (root / "third.ts").write_text("export default 'named';")
        (root / "third.json").write_text('{"imports": {"lib": "./third.ts"}}')
        with Worker("one/index.ts", root=root,
                    args=["--import-map", str(root / "third.json")]) as worker:
            worker.ready()
            expect(worker.request("/").text, "named")


def broken_dynamic_import():
    with Worker("fails-dynamic/index.ts") as worker:
        worker.ready()
        expect(worker.request("/").text, "false")


def leaves_no_files_behind():
    before = sorted(FUNCTIONS.rglob("*"))
    with Worker("own-package-json/index.ts") as worker:
        worker.ready()
        expect(worker.stop(), 0)
    expect(sorted(FUNCTIONS.rglob("*")), before)


main([
    serves("shared/index.ts", "shared, shared more"),
    serves("own-deno-json/index.ts", "<p>greeted</p>"),
    serves("linked-map/index.ts", "outer and inner"),
    serves("own-import-map/index.ts", "mapped"),
    serves("own-package-json/index.ts", "packaged"),
    serves("files-text/index.ts", "imported\n"),
    serves("jsx/index.tsx", '<h1 class="big">Hello Ada</h1>'),
    serves("typescript/index.ts", '{"colour":"green","size":3,"greeting":"HELLO ADA"}'),
    ("JSON, Wasm and text beside the function", files_beside),
    ("prepare lists what the function is made of", prepare_lists_files),
    ("a flat file in a folder with a strange name", flat_file_in_strange_folder),
    ("a glob shows no variables", a_glob_shows_no_variables),
    ("a comma in a path is refused", a_comma_is_refused),
    ("which import map wins", root_map_is_the_last_resort),
    ("a dynamic import may fail", broken_dynamic_import),
    ("nothing is written beside the function", leaves_no_files_behind),
])
