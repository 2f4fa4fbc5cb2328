# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one request does must not disturb others, nor the talk with the host."""

import json
import threading

from driver import Worker, expect, main

ENTRY = "requests/index.ts"


def logs_know_their_request():
    with Worker(ENTRY) as worker:
        worker.ready()
        threads = [threading.Thread(target=worker.request,
                                    args=(f"/log?ms={ms}&{name}",),
                                    kwargs={"request_id": name})
                   for name, ms in (("slow", 40), ("quick", 5))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = [worker.wait("log") for _ in range(6)]
        for name in ("slow", "quick"):
            mine = [(event["level"], event["message"])
                    for event in seen if event["request_id"] == name]
            expect(mine[1:], [("warn", "after"), ("error", "timer")])
            expect(mine[0][0], "info")
            assert mine[0][1].startswith("before ?ms="), mine
            assert mine[0][1].endswith("{ deep: { deeper: [ 1, 2 ] } }"), mine


def storage_of_the_functions_own():
    with Worker("storage/index.ts") as worker:
        worker.ready()
        for name in ("a", "b"):
            expect(worker.request("/" + name, request_id=name).text, "/" + name)
            event = worker.wait("log")
            expect((event["message"], event["request_id"]), ("in /" + name, name))


def levels():
    with Worker(ENTRY) as worker:
        worker.ready()
        worker.request("/levels")
        seen = [worker.wait("log") for _ in range(5)]
        expect([event["level"] for event in seen], ["debug", "info", "info", "error", "info"])
        assert "│" in seen[2]["message"] and "\n" in seen[2]["message"], seen[2]
        assert f"{ENTRY}:17:21" in seen[3]["message"], seen[3]
        expect(len(seen[4]["message"]), 10_000)
        assert "request_id" not in seen[0], seen[0]


def failing_handlers():
    with Worker(ENTRY) as worker:
        worker.ready()
        for path, message, line, column in (
                ("/throw", "TypeError: thrown in handler", 21, 13),
                ("/throw-later", "Error: thrown after await", 24, 13)):
            response = worker.request(path, request_id="r" + path)
            expect((response.status, response.text, response.get("content-type")),
                   (500, "Internal Server Error", "text/plain"))
            error = worker.wait("error")
            expect((error["kind"], error["message"], error["line"], error["column"],
                    error["request_id"]), ("handler", message, line, column, "r" + path))
            assert error["source"].strip().startswith("throw new "), error
        for path in ("/string", "/object"):
            response = worker.request(path, request_id="r" + path)
            expect((response.status, response.text, response.get("content-type")),
                   (502, "Bad Gateway", "text/plain"))
            error = worker.wait("error")
            expect((error["kind"], error["request_id"]), ("response", "r" + path))
            assert "not a Response" in error["message"], error


def errors_on_the_side():
    with Worker(ENTRY) as worker:
        worker.ready()
        expect(worker.request("/reject", request_id="r-1").text, "fine")
        error = worker.wait("error")
        expect((error["kind"], error["message"], error["request_id"], error["line"]),
               ("rejection", "Error: rejected on the side", "r-1", 30))
        expect(worker.request("/timer", request_id="r-2").text, "fine")
        error = worker.wait("error")
        expect((error["kind"], error["message"], error["line"]),
               ("uncaught", "Error: thrown in timer", 34))
        expect(worker.request("/").text, "ok")


def errors_while_loading():
    with Worker("stray/index.ts") as worker:
        worker.start()
        error = worker.wait("error")
        expect((error["kind"], error["message"], error["line"]),
               ("rejection", "Error: stray", 1))
        assert worker.wait("ready") is not None
        expect(worker.request("/").text, "served")


def exit_has_no_effect():
    with Worker(ENTRY) as worker:
        worker.ready()
        expect(worker.request("/exit", request_id="r-1").text, "still here")
        for _ in range(2):
            event = worker.wait("log", level="warn")
            assert event["message"].startswith("Deno.exit("), event
            expect(event["request_id"], "r-1")
        expect(worker.request("/").text, "ok")
        expect(worker.stop(), 0)


def standard_output_is_a_log():
    with Worker(ENTRY) as worker:
        worker.ready()
        worker.request("/stdout", request_id="r-1")
        seen = [worker.events.get(timeout=10) for _ in range(3)]
        expect([(event["type"], event["message"], event["request_id"]) for event in seen], [
            ("log", '{"type":"failed","code":"threw"}', "r-1"),
            ("log", '{"type":"ready"}', "r-1"),
            ("log", "written", "r-1"),
        ])


def environment_is_the_functions_own():
    with Worker(ENTRY, env=["API_KEY=s3cret", "EMPTY=", "MULTI=a\nb=c"],
                host_env={"HOST_SECRET": "no", "HOME": "/of/the/host"}) as worker:
        assert not any("s3cret" in word for word in worker.launch["argv"]), worker.launch
        assert not any("s3cret" in word for word in worker.launch["environ"]), worker.launch
        worker.ready()
        seen = json.loads(worker.request("/env").text)
        expect((seen["API_KEY"], seen["EMPTY"], seen["MULTI"]), ("s3cret", "", "a\nb=c"))
        assert "HOST_SECRET" not in seen, seen
        expect(seen["HOME"], seen["TMPDIR"])
        for name in ("DENO_DIR", "DENO_SERVE_ADDRESS", "PATH", "NO_COLOR"):
            assert name not in seen, seen


def memory_limit_reaches_v8():
    with Worker(ENTRY, args=["--memory-limit", "96"]) as worker:
        flags = [word for word in worker.launch["argv"] if word.startswith("--v8-flags=")]
        assert "--max-old-space-size=96" in flags[0].partition("=")[2].split(","), worker.launch


main([
    ("log events know their request across await", logs_know_their_request),
    ("an AsyncLocalStorage of the function's own", storage_of_the_functions_own),
    ("levels, tables, errors and the limit", levels),
    ("a failing handler is answered and reported", failing_handlers),
    ("errors after the response leave the worker alive", errors_on_the_side),
    ("errors beside the load are reported", errors_while_loading),
    ("Deno.exit and process.exit have no effect", exit_has_no_effect),
    ("standard output is a log, not the protocol", standard_output_is_a_log),
    ("the environment is the function's own", environment_is_the_functions_own),
    ("the memory limit reaches V8", memory_limit_reaches_v8),
])
