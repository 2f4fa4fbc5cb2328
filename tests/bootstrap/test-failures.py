# SPDX-License-Identifier: LGPL-2.1-or-later
"""What cannot be loaded says why, and where."""

import tempfile

from driver import FUNCTIONS, PrepareError, Worker, expect, main


def refused(entry, place, *words, **more):
    def test():
        try:
            Worker(entry, **more).close()
        except PrepareError as error:
            message = str(error)
        else:
            raise AssertionError("it was prepared")
        lines = [line for line in message.splitlines() if not line.startswith("**")]
        expect(len(lines), 1)
        assert lines[0].startswith(f"{FUNCTIONS}/{place}: "), message
        for word in words:
            assert word in message, f"no {word!r} in {message!r}"

    return f"prepare refuses {entry}", test


def fails(entry, code, file, line, column, source, *words):
    def test():
        with Worker(entry, args=["--no-prepare"]) as worker:
            failure = worker.failed()
            expect(failure["code"], code)
            for word in words:
                assert word in failure["message"], failure
            if file is None:
                assert "file" not in failure, failure
                return
            expect((failure["file"], failure["line"], failure["column"]),
                   (f"{FUNCTIONS}/{file}", line, column))
            expect(failure["source"], source)
            assert failure["file"] in failure["stack"], failure
            assert "bootstrap/deno/" not in failure["stack"], failure

    return f"{entry} fails with {code}", test


def cause_is_in_the_stack():
    with Worker("throws/index.ts") as worker:
        failure = worker.failed()
        expect(failure["message"], "RangeError: at the top")
        assert "Caused by: Error: deeper" in failure["stack"], failure
        assert "throws/index.ts:3:1" in failure["stack"], failure


def main_module_that_throws():
    with Worker("main-throws/index.ts") as worker:
        failure = worker.failed()
        expect((failure["code"], failure["message"], failure["line"]),
               ("threw", "Error: as main", 2))
        expect([event for event in worker.seen if event["type"] == "error"], [])


def uncached_is_not_downloaded():
    with tempfile.TemporaryDirectory() as folder:
        with Worker("uncached/index.ts", args=["--no-prepare"],
                    host_env={"DENO_DIR": folder}) as worker:
            failure = worker.failed()
            expect((failure["code"], failure["line"]), ("not-cached", 1))


def no_network():
    with tempfile.TemporaryDirectory() as folder:
        try:
            Worker("uncached/index.ts", host_env={
                "DENO_DIR": folder, "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/"}).close()
        except PrepareError as error:
            assert f"{FUNCTIONS}/uncached/index.ts:1:19: cannot fetch \"npm:is-odd@3.0.1\"" in str(
                error), error
            assert "network" in str(error), error
        else:
            raise AssertionError("it was prepared")


def fetching_is_told():
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker("uncached/index.ts", host_env={"DENO_DIR": folder})
        try:
            worker.ready()
            expect(worker.request("/").text, "true")
        finally:
            worker.printer.stdin.close()
            said = worker.printer.stderr.read()
            worker.printer.stdin = open("/dev/null", "rb")
            worker.close()
        assert "uncached: fetching npm:is-odd-3.0.1" in said, said
        assert "uncached: fetching npm:is-number-6.0.0" in said, said


main([
    refused("fails-syntax/index.ts", "fails-syntax/index.ts:2:16", "Expression expected"),
    refused("fails-syntax-deep/index.ts", "fails-syntax/index.ts:2:16", "Expression expected"),
    refused("fails-missing/index.ts", "fails-missing/index.ts:2:21", '"./two.ts"',
            f"{FUNCTIONS}/fails-missing/two.ts"),
    refused("fails-bare/index.ts", "fails-bare/index.ts:1:20", '"lodash" is not a dependency',
            "npm:lodash", "deno.json"),
    refused("fails-package/index.ts", "fails-package/index.ts:1:21",
            "@weir-tests/there-is-no-such-package", "does not exist"),
    refused("fails-json/index.ts", "fails-json/deno.json:2:30", "not valid JSON"),
    fails("fails-syntax/index.ts", "syntax", "fails-syntax/index.ts", 2, 16,
          "const broken = ;", "Expression expected"),
    fails("fails-missing/index.ts", "missing-module", "fails-missing/index.ts", 2, 21,
          'import { two } from "./two.ts";', "two.ts"),
    fails("fails-export/index.ts", "syntax", "fails-export/index.ts", 1, 16,
          'import { word, nothing } from "_shared/words.ts";', "'nothing'"),
    fails("not-capable/index.ts", "threw", "not-capable/index.ts", 1, 6,
          'Deno.writeTextFileSync("/srv/note.txt", "");', "`permissions` in weir.toml can give it --allow-write"),
    fails("throws/index.ts", "threw", "throws/lib.ts", 3, 9,
          '  throw new RangeError(reason, { cause: new Error("deeper") });', "at the top"),
    fails("throws-after/index.ts", "threw", "throws-after/index.ts", 2, 7,
          'throw new Error("after serving");', "after serving"),
    fails("no-handler/index.ts", "no-handler", None, 0, 0, "", "Deno.serve", "export default",
          "handler", "defineFunction", "node:http"),
    ("the cause is in the stack", cause_is_in_the_stack),
    ("a main module that throws", main_module_that_throws),
    ("a worker never downloads", uncached_is_not_downloaded),
    ("no network", no_network),
    ("what is fetched is told", fetching_is_told),
])
