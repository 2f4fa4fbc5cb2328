#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""weir serve and weir invoke with real workers, as a person at a terminal meets them."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

from tap import Skip, case, contains, equal, main
from weir_program import WAIT, WEIR, Server, environment, have_deno, on_terminal, project, weir, write

OK, FAILED, USAGE, CONFIG, NOT_FOUND = range(5)
HELLO = 'Deno.serve((req) => { console.log("greeting"); return new Response("hello\\n"); });\n'
THROWS = 'Deno.serve(() => {\n  throw new Error("boom");\n});\n'
BROKEN = "Deno.serve(() => {\n  return new Response(;\n});\n"
ECHO = "Deno.serve(async (req) => new Response(`${req.method} ${await req.text()}`));\n"
ENV = 'Deno.serve(() => new Response(Deno.env.get("GREETING") ?? "none"));\n'


def functions(**sources):
    return {f"functions/{name}/index.ts": text for name, text in sources.items()}


def needs_deno(function):
    def wrapped():
        if not have_deno():
            raise Skip("there is no Deno")
        function()

    wrapped.__name__ = function.__name__
    return case(wrapped)


def is_type(kind, name=None):
    return lambda event: event["type"] == kind and name in (None, event.get("function"))


@needs_deno
def banner_says_where_and_what():
    with project(functions(a=HELLO, b=HELLO)) as root, Server(root) as server:
        equal(server.banner["functions"], ["a", "b"])
        equal(server.banner["directory"], str(root / "functions"))
        contains(server.banner["runtime"], "deno")
        equal(re.fullmatch(r"http://127\.0\.0\.1:\d+", server.base) is not None, True)


@needs_deno
def a_request_is_one_event():
    with project(functions(hello=HELLO)) as root, Server(root) as server:
        equal(server.call("/functions/v1/hello?x=1", headers={"x-request-id": "abc-123"}), (200, "hello\n"))
        event = server.wait_for_type("request")
        equal(
            (event["method"], event["target"], event["status"], event["function"], event["aborted"]),
            ("GET", "/functions/v1/hello", 200, "hello", False),
            "a query may hold secrets and is not shown",
        )
        equal((event["request_id"], event["bytes_sent"]), ("abc-123", 6))
        equal(event["duration_ms"] > 0, True)


@needs_deno
def console_output_has_name_and_request_id():
    with project(functions(hello=HELLO)) as root, Server(root) as server:
        server.call("/functions/v1/hello", headers={"x-request-id": "abc-123"})
        log = server.wait_for_type("log")
        equal(
            (log["function"], log["level"], log["message"], log["request_id"]),
            ("hello", "info", "greeting", "abc-123"),
        )


@needs_deno
def an_error_has_its_place():
    with project(functions(throws=THROWS)) as root, Server(root) as server:
        equal(server.call("/functions/v1/throws")[0], 500)
        error = server.wait_for_type("error")
        contains(error["message"], "boom")
        equal(error["location"]["file"], str(root / "functions/throws/index.ts"))
        equal((error["location"]["line"], error["location"]["column"]), (2, 9))


@needs_deno
def a_broken_function_does_not_keep_others_from_being_served():
    with project(functions(good=HELLO, bad=BROKEN)) as root, Server(root) as server:
        status, body = server.call("/functions/v1/bad")
        equal(status, 503)
        contains(body, "BOOT_ERROR")
        failed = server.wait_for(is_type("failed", "bad"))
        equal((failed["location"] or {}).get("line"), 2, failed["message"])
        equal(server.call("/functions/v1/good"), (200, "hello\n"))


@needs_deno
def an_edit_is_told_and_a_broken_one_loudly():
    with project(functions(hello=HELLO)) as root, Server(root) as server:
        server.call("/functions/v1/hello")
        source = root / "functions/hello/index.ts"
        write(source, HELLO.replace("hello", "hi"))
        server.wait_for(is_type("reloaded", "hello"))
        # Until its worker is ready the old code answers.
        while server.call("/functions/v1/hello")[1] != "hi\n":
            pass
        write(source, BROKEN)
        stale = server.wait_for(is_type("stale", "hello"))
        equal((stale["location"] or {}).get("line"), 2, stale["message"])
        equal(server.call("/functions/v1/hello")[1], "hi\n")


@needs_deno
def env_file_is_relative_to_the_caller():
    with project(functions(env=ENV)) as root:
        write(root / "my.env", "GREETING=ahoy\n")
        with Server(root, "--env-file", str(root / "my.env")) as server:
            equal(server.call("/functions/v1/env"), (200, "ahoy"))


def policies(pid):
    """How each thread is scheduled, by its name."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as file:
                name = file.read().strip()
            found[name] = os.sched_getscheduler(int(task))
    return found


def may_be_patient():
    """Whether a program may have itself scheduled so; nobody may take back the flag."""
    code = "import os; os.sched_setscheduler(0, os.SCHED_BATCH | os.SCHED_RESET_ON_FORK, os.sched_param(0))"
    usual = os.sched_getscheduler(0) == os.SCHED_OTHER and os.getpriority(os.PRIO_PROCESS, 0) >= 0
    return usual and subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL, check=False).returncode == 0


def rush(server, wanted):
    """Many requests that no function serves, until the first thread is scheduled as wanted."""
    host, port = server.base.removeprefix("http://").split(":")
    requests = b"GET /nobody HTTP/1.1\r\nHost: a\r\n\r\n" * 500
    while os.sched_getscheduler(server.process.pid) != wanted:
        with socket.create_connection((host, int(port))) as client:
            client.sendall(requests + requests.replace(b"Host", b"Connection: close\r\nHost", 1))
            while client.recv(65536):
                pass


@needs_deno
def in_a_rush_only_the_log_is_patient():
    if not may_be_patient():
        raise Skip("policies of scheduling are somebody else's")
    files = functions(pid="Deno.serve(() => new Response(String(Deno.pid)));\n")
    files["weir.toml"] = "standby_workers = 0\n"  # so that the worker is made afterwards
    with project(files) as root, Server(root) as server:
        control = server.process.pid
        rush(server, os.SCHED_BATCH | os.SCHED_RESET_ON_FORK)
        status, worker = server.call("/functions/v1/pid")
        equal(status, 200)
        equal(policies(control)["weir-data"], os.SCHED_OTHER)
        equal(set(policies(int(worker)).values()), {os.SCHED_OTHER})
        while os.sched_getscheduler(control) != os.SCHED_OTHER | os.SCHED_RESET_ON_FORK:
            equal(server.call("/functions/v1/pid")[0], 200)


@case
def what_nobody_reads_in_time_is_counted():
    """More than two batches and a pipe hold; nobody but the log waits for its reader."""
    connections, each = 40, 500
    request = b"GET /nobody/%d HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET /nobody/%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    command = [WEIR, "serve", "--listen", "127.0.0.1:0", "--json"]
    with project(functions(hello=HELLO)) as root:
        with subprocess.Popen([*command, str(root)], stdout=subprocess.PIPE, env=environment()) as process:
            try:
                uri = json.loads(process.stdout.readline())["uris"][0]
                host, port = uri.removeprefix("http://").split(":")
                for n in range(connections):
                    numbers = range(n * each, (n + 1) * each)
                    with socket.create_connection((host, int(port))) as client:
                        client.sendall(b"".join((last if i == numbers[-1] else request) % i for i in numbers))
                        while client.recv(65536):
                            pass
                process.send_signal(signal.SIGTERM)
                events = [json.loads(line) for line in process.stdout]
                process.wait()
            finally:
                process.kill()
    targets = [int(e["target"].split("/")[2]) for e in events if e["type"] == "request"]
    dropped = sum(e["requests"] for e in events if e["type"] == "dropped")
    equal(len(targets) + dropped, connections * each)
    equal(dropped > 0, True)
    equal(targets, sorted(targets), "in their order")


@needs_deno
def terminate_finishes_what_is_in_flight():
    slow = (
        "Deno.serve(async () => { console.log('begun');"
        " await new Promise((r) => setTimeout(r, 1000)); return new Response('done'); });"
    )
    with project(functions(slow=slow)) as root, Server(root) as server:
        answers = []
        client = threading.Thread(target=lambda: answers.append(server.call("/functions/v1/slow")))
        client.start()
        server.wait_for_type("log")
        equal(server.stop(signal.SIGTERM), OK)
        client.join()
        equal(answers, [(200, "done")])
        server.wait_for_type("stopped")


@needs_deno
def a_second_interrupt_ends_at_once():
    never = "Deno.serve(() => { console.log('begun'); return new Promise(() => {}); });"
    with project(functions(never=never)) as root, Server(root, json_lines=False) as server:
        line = server.wait_for(lambda text: "http://" in text)
        base = re.search(r"http://127\.0\.0\.1:\d+", line).group()
        host, port = base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /functions/v1/never HTTP/1.1\r\nHost: a\r\n\r\n")
            server.wait_for(lambda text: "begun" in text)
            server.process.send_signal(signal.SIGINT)
            server.wait_for(lambda text: "once more" in text)
            equal(server.stop(signal.SIGINT), FAILED)


@needs_deno
def lines_for_people_are_plain_when_piped():
    many = functions(**{f"f{i}": HELLO for i in range(7)}, throws=THROWS)
    with project(many) as root, Server(root, json_lines=False) as server:
        line = server.wait_for(lambda text: "/functions/v1/<function-name>" in text)
        server.base = re.search(r"http://127\.0\.0\.1:\d+", line).group()
        server.wait_for(lambda text: "... and 3 more functions" in text)
        equal(sum(text.startswith("  - http://") for text in server.seen), 5)
        server.call("/functions/v1/f0")
        server.wait_for(lambda text: re.search(r"\[f0 \w+\] info: greeting", text))
        server.wait_for(
            lambda text: re.search(r"\d\d:\d\d:\d\d GET +/functions/v1/f0 200 [\d.]+ ms 6 B f0 \w+", text)
        )
        server.call("/functions/v1/throws")
        server.wait_for(lambda text: "boom" in text)
        equal(server.wait_for(lambda text: "|" in text), '    2 |   throw new Error("boom");')
        equal(server.wait_for(lambda text: "|" in text), "      |         ^")
        equal(server.stop(signal.SIGINT), OK)
        equal(any("\033" in text for text in server.seen + server.errors), False)


@needs_deno
def escape_sequences_of_functions_do_not_reach_a_pipe():
    nasty = "Deno.serve(() => { console.log('\\x1b]0;owned\\x07\\x1b[31mred\\x1b[0m'); return new Response(''); });"
    with project(functions(nasty=nasty)) as root, Server(root, json_lines=False) as server:
        line = server.wait_for(lambda text: "http://" in text)
        server.base = re.search(r"http://127\.0\.0\.1:\d+", line).group()
        server.call("/functions/v1/nasty")
        line = server.wait_for(lambda text: "owned" in text)
        equal("\033" in line, False)
        contains(line, "red")


@case
def a_full_disk_does_not_end_the_server_and_is_told_once():
    with project(functions(hello=HELLO)) as root, open("/dev/full", "w") as full:
        address = str(root / "socket")
        with subprocess.Popen(
            [WEIR, "serve", root, "--listen", f"unix:{address}", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        ) as process:
            try:
                told = iter(process.stderr.readline, "")
                equal(any("standard output" in line for line in told), True)
                for _ in range(3):
                    with socket.socket(socket.AF_UNIX) as client:
                        client.settimeout(WAIT)
                        client.connect(address)
                        client.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                        contains(b"".join(iter(lambda: client.recv(4096), b"")).decode(), "HTTP/1.1 404")
                process.terminate()
                equal("standard output" in "".join(told), False)
                equal(process.wait(WAIT), OK)
            finally:
                process.kill()


@needs_deno
def port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with project(functions(hello=HELLO)) as root:
            result = weir("serve", root, "--listen", f"127.0.0.1:{port}")
            equal(result.status, FAILED)
            contains(result.err, str(port))
            contains(result.err, "--listen")


@needs_deno
def exposing_is_said():
    with project(functions(hello=HELLO)) as root, Server(root, "--listen", "0.0.0.0:0", json_lines=False) as server:
        server.wait_for(lambda text: "0.0.0.0" in text)
        equal(server.stop(), OK)
        contains("\n".join(server.errors), "whoever reaches this machine")


@case
def configuration_errors_exit_with_their_own_status():
    with project({"weir.toml": "listen = 1\nadapter = 2\n", **functions(hello=HELLO)}) as root:
        result = weir("serve", root)
        equal(result.status, CONFIG)
        contains(result.err, "weir.toml:1")
        contains(result.err, "weir.toml:2")


@case
def no_functions_says_how_to_make_one():
    with project() as root:
        result = weir("serve", root)
        equal(result.status, CONFIG)
        contains(result.err, "weir new hello")


@needs_deno
def list_shows_entries_routes_and_problems():
    files = {
        **functions(hello=HELLO),
        "functions/flat.ts": HELLO,
        "functions/off/index.ts": HELLO,
        "functions/bad name/index.ts": HELLO,
        "functions/_shared/a.ts": "",
        "weir.toml": "[functions.off]\nenabled = false\n",
    }
    with project(files) as root:
        result = weir("list", root)
        equal(result.status, FAILED)
        contains(result.err, "bad name")
        rows = {line.split()[0]: line for line in result.out.splitlines()}
        equal(sorted(set(rows) - {"NAME"}), ["flat", "hello", "off"])
        contains(rows["hello"], "hello/index.ts")
        contains(rows["hello"], "/functions/v1/hello")
        contains(rows["hello"], "yes")
        contains(rows["off"], "no")
        listed = json.loads(weir("list", root, "--json").out)
        equal([f["name"] for f in listed["functions"] if f["enabled"]], ["flat", "hello"])
        equal(len(listed["problems"]), 1)


@needs_deno
def invoke_without_a_server():
    with project({"weir.toml": 'listen = ["127.0.0.1:0"]\n', **functions(echo=ECHO, throws=THROWS)}) as root:
        result = weir("invoke", "echo", "--dir", root)
        equal((result.status, result.out), (OK, "GET "))
        contains(result.err, "200 OK")
        equal(weir("invoke", "echo", "--data", '{"a":1}', cwd=root).out, 'POST {"a":1}')
        equal(weir("invoke", "echo", "--data", "-", stdin="from here", cwd=root).out, "POST from here")
        write(root / "body.txt", "from a file")
        equal(weir("invoke", "echo", "-d", "@body.txt", "-X", "PUT", cwd=root).out, "PUT from a file")
        result = weir("invoke", "throws", cwd=root)
        equal(result.status, FAILED)
        contains(result.err, "500")
        contains(result.err, "boom")
        result = weir("invoke", "eco", cwd=root)
        equal(result.status, NOT_FOUND)
        contains(result.err, "echo")


@needs_deno
def invoke_keeps_status_and_body_apart_on_a_terminal():
    with project({"weir.toml": 'listen = ["127.0.0.1:0"]\n', **functions(echo=ECHO, hello=HELLO)}) as root:
        plain = environment(NO_COLOR="1")
        contains(on_terminal("invoke", "echo", "--dir", root, env=plain), "GET \r\n200 OK")
        contains(on_terminal("invoke", "hello", "--dir", root, env=plain), "hello\r\n200 OK")


@needs_deno
def invoke_asks_the_server_that_runs():
    with project(functions(echo=ECHO)) as root, Server(root) as server:
        port = server.base.rpartition(":")[2]
        result = weir("invoke", "echo", "--data", "x", "--url", server.base)
        equal((result.status, result.out), (OK, "POST x"))
        server.wait_for(is_type("request", "echo"))
        with project({"weir.toml": f'listen = ["127.0.0.1:{port}"]\n'}) as elsewhere:
            result = weir("invoke", "echo", "--data", "y", cwd=elsewhere)
            equal((result.status, result.out), (OK, "POST y"), result.err)
            server.wait_for(is_type("request", "echo"))
            answer = json.loads(weir("invoke", "echo", "--json", "--path", "/sub?q=1", cwd=elsewhere).out)
            equal((answer["status"], answer["body"]), (200, "GET "))
            equal(server.wait_for(is_type("request", "echo"))["target"], "/functions/v1/echo/sub")
            equal(weir("invoke", "nobody", cwd=elsewhere).status, FAILED)


@case
def without_deno_the_server_says_so_and_answers():
    with project(functions(hello=HELLO)) as root:
        env = environment(WEIR_DENO="/nonexistent/deno")
        with Server(root, env=env) as server:
            equal(server.banner["runtime"], None)
            equal(server.call("/functions/v1/hello")[0], 503)
            equal(server.call("/functions/v1/nobody")[0], 404)
            equal(server.stop(), OK)
        with Server(root, json_lines=False, env=env) as server:
            server.wait_for(lambda text: "http://" in text)
            equal(server.stop(), OK)
            contains("\n".join(server.errors), "weir doctor")


main()
