# SPDX-License-Identifier: LGPL-2.1-or-later
"""The worker's life: background tasks, stop, sockets, and what it may not do."""

import base64
import json
import os
import pathlib
import signal
import tempfile
import threading

from driver import Worker, expect, main


def tasks_are_told():
    with Worker("wait-until/index.ts") as worker:
        worker.ready()
        expect(worker.request("/", request_id="r-1").text, "true")
        expect(worker.wait("task")["pending"], 1)
        event = worker.wait("log")
        expect((event["message"], event["request_id"]), ("task done", "r-1"))
        expect(worker.wait("task")["pending"], 0)
        worker.request("/reject", request_id="r-2")
        error = worker.wait("error")
        expect((error["kind"], error["message"], error["request_id"]),
               ("rejection", "Error: task failed", "r-2"))
        expect(worker.wait("task")["pending"], 0)
        expect(worker.request("/").status, 200)


def stop_waits_for_tasks():
    with Worker("wait-until/index.ts") as worker:
        worker.ready()
        worker.request("/")
        expect(worker.stop(), 0)
        messages = [event.get("message") for event in worker.seen if event["type"] == "log"]
        expect(messages, ["unloading: termination", "task done"])
        assert not os.path.exists(worker.socket)


def stop_waits_for_requests(how):
    def test():
        with Worker("slow/index.ts") as worker:
            worker.ready()
            answers = []
            thread = threading.Thread(target=lambda: answers.append(worker.request("/")))
            thread.start()
            worker.wait("log", message="begun")
            how(worker)
            thread.join()
            expect(answers[0].text, "slow but whole")
            expect(worker.finish(), 0)

    return test


def unloading(worker):
    return [event["message"] for event in worker.seen
            if event["type"] == "log" and event["message"].startswith("unloading")]


def reasons_are_told_once():
    with Worker("wait-until/index.ts") as worker:
        worker.ready()
        for reason in ("memory", "wall_clock", "memory"):
            worker.send_line(json.dumps({"type": "unload", "reason": reason}))
        expect(worker.request("/").status, 200)
        worker.wait("log", message="task done")
        worker.send_line('{"type":"stop","reason":"wall_clock"}')
        expect(worker.finish(), 0)
        expect(unloading(worker), ["unloading: memory", "unloading: wall_clock"])


def signal_after_the_word():
    with Worker("wait-until/index.ts") as worker:
        worker.ready()
        worker.send_line('{"type":"stop","reason":"early_drop"}')
        worker.process.send_signal(signal.SIGTERM)
        expect(worker.finish(), 0)
        expect(unloading(worker), ["unloading: early_drop"])


def tasks_have_their_time():
    with Worker("wait-until/index.ts") as worker:
        worker.ready()
        worker.request("/")
        worker.send_line('{"type":"stop","reason":"early_drop","tasks_ms":0}')
        expect(worker.finish(), 0)
        expect([e["message"] for e in worker.seen if e["type"] == "log"], ["unloading: early_drop"])


def answers_pings():
    with Worker("slow/index.ts") as worker:
        worker.ready()
        for number in (1, 2):
            worker.send_line(json.dumps({"type": "ping", "id": number}))
            expect(worker.wait("pong")["id"], number)


def stop_closes_node_servers():
    with Worker("node-http/index.ts") as worker:
        worker.ready()
        with worker.connect():  # idle
            expect(worker.request("/").status, 200)
            expect(worker.stop(), 0)


def ends_with_its_host():
    with Worker("slow/index.ts") as worker:
        worker.ready()
        worker.process.stdin.close()
        worker.process.wait(timeout=10)
        worker.process.stdin = open(os.devnull, "wb")


def temporary_folder_goes():
    with Worker("slow/index.ts") as worker:
        folder = json.loads(worker.launch["load"])["temporary"]
        worker.ready()
        assert os.path.isdir(folder)
        expect(worker.stop(), 0)
        assert not os.path.exists(folder)


def web_socket():
    with Worker("socket/index.ts") as worker:
        worker.ready()
        with worker.connect() as connection:
            key = base64.b64encode(os.urandom(16)).decode()
            connection.sendall((
                "GET http://shop.example/ HTTP/1.1\r\nhost: shop.example\r\n"
                "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
                f"sec-websocket-key: {key}\r\n\r\n").encode())
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(1)
            assert head.startswith(b"HTTP/1.1 101 "), head
            text = b"hello"
            connection.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
            frame = b""
            while len(frame) < 12:
                frame += connection.recv(64)
            expect(frame, bytes([0x81, 10]) + b"echo hello")
            worker.send_line('{"type":"stop"}')
            frame = b""
            while len(frame) < 4:
                frame += connection.recv(64)
            expect((frame[0], int.from_bytes(frame[2:4], "big")), (0x88, 1001))
        expect(worker.finish(), 0)


def permissions():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        pathlib.Path(folder, "page.html").write_text("<p>")
        with Worker("permissions/index.ts", env=[f"OUTSIDE={folder}", "OWN_SOCKET={socket}"]) as worker:
            worker.ready()
            seen = json.loads(worker.request("/").text)
        expect({name for name, what in seen.items() if what == "allowed"},
               {"readOwn", "temporary", "hostname"})
        expect({what for what in seen.values() if what != "allowed"}, {"NotCapable"})
        with Worker("permissions/index.ts", env=[f"OUTSIDE={folder}", "OWN_SOCKET={socket}"],
                    args=["--static-file", folder + "/*.html"]) as worker:
            worker.ready()
            expect(json.loads(worker.request("/").text)["outside"], "allowed")


def temporary_folder_is_its_own():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        pathlib.Path(folder, "page.html").write_text("<p>")
        with Worker("temporary/index.ts", env=[f"OUTSIDE={folder}"]) as worker:
            worker.ready()
            expect(json.loads(worker.request("/").text), {
                "write": None, "read": "hello", "rename": None, "make": True,
                "list": ["made-", "note."], "byName": "hello",
                "elsewhere": "NotCapable", "above": "NotCapable", "others": "NotFound",
                "code": "read",
            })
        with Worker("temporary/index.ts", env=[f"OUTSIDE={folder}"],
                    args=["--static-file", folder + "/*.html"]) as worker:
            worker.ready()
            expect(json.loads(worker.request("/").text)["others"], "<p>")


main([
    ("background tasks are told", tasks_are_told),
    ("stop waits for background tasks", stop_waits_for_tasks),
    ("stop waits for requests",
     stop_waits_for_requests(lambda worker: worker.send_line('{"type":"stop"}'))),
    ("SIGTERM means stop",
     stop_waits_for_requests(lambda worker: worker.process.send_signal(signal.SIGTERM))),
    ("each reason for unloading is told once", reasons_are_told_once),
    ("the signal may come after the word", signal_after_the_word),
    ("background tasks have their time", tasks_have_their_time),
    ("pings are answered", answers_pings),
    ("stop closes servers of node:http", stop_closes_node_servers),
    ("a worker ends with its host", ends_with_its_host),
    ("its temporary folder goes with it", temporary_folder_goes),
    ("/tmp is its own", temporary_folder_is_its_own),
    ("web sockets", web_socket),
    ("what a function may not do", permissions),
])
