# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every form of a function is found without being told."""

import base64
import json
import threading

from driver import Worker, expect, main


def ask(worker, path="/", **more):
    return worker.request(path, **more)


def simple(entry, form, path, text, status=200):
    def test():
        with Worker(entry) as worker:
            expect(worker.ready()["form"], form)
            response = ask(worker, path)
            expect((response.status, response.text), (status, text))

    return f"{entry} is {form}", test


def serve_sees_the_clients_request():
    with Worker("serve-handler/index.ts") as worker:
        worker.ready()
        seen = json.loads(ask(worker, "/a/b?c=1", method="DELETE").text)
        expect(seen, {
            "url": "http://shop.example:8443/a/b?c=1",
            "method": "DELETE",
            "peer": {"transport": "tcp", "hostname": "192.0.2.7", "port": 40404},
        })


def serve_shows_the_address_asked_for():
    with Worker("serve-options/index.ts") as worker:
        worker.ready()
        seen = json.loads(ask(worker).text)
        address = {"transport": "tcp", "hostname": "127.0.0.9", "port": 4321}
        expect((seen["addr"], seen["heard"]), (address, address))
        expect(seen["members"], ["addr", "finished", "ref", "shutdown", "unref"])


def serve_honours_on_error():
    with Worker("serve-object/index.ts") as worker:
        worker.ready()
        expect(ask(worker).text, "object")
        thrown = ask(worker, "/throw")
        expect((thrown.status, thrown.text), (555, "caught: mine"))
        expect(ask(worker, "/nothing").status, 555)


def second_serve_is_reported():
    with Worker("serve-twice/index.ts") as worker:
        worker.start()
        error = worker.wait("error", kind="uncaught")
        assert "called twice" in error["message"], error
        expect((error["line"], error["source"].split("(")[0]), (2, "Deno.serve"))
        assert worker.wait("ready") is not None
        expect(ask(worker).text, "first")


def listen_sees_the_clients_request():
    with Worker("listen/index.ts") as worker:
        expect(worker.ready()["form"], "serve")
        assert any(event.get("message") == "listens on 4321" for event in worker.seen), worker.seen
        seen = json.loads(ask(worker, "/a?b=1", method="POST", body=b"sent").text)
        expect(seen, {
            "url": "http://shop.example:8443/a?b=1",
            "body": "sent",
            "localAddr": {"transport": "tcp", "hostname": "0.0.0.0", "port": 4321},
            "remoteAddr": {"transport": "tcp", "hostname": "192.0.2.7", "port": 40404},
        })


def listen_knows_the_request():
    with Worker("listen/index.ts") as worker:
        worker.ready()
        for name in ("r-1", "r-2"):
            expect(worker.request("/log", request_id=name).status, 200)
            for message in ("before /log", "after /log"):
                assert worker.wait("log", message=message, request_id=name) is not None, worker.seen
        expect((ask(worker, "/throw").status, ask(worker, "/throw").text), (500, "caught"))


def listen_upgrades():
    with Worker("listen/index.ts") as worker:
        worker.ready()
        with worker.connect() as connection:
            connection.sendall(
                b"GET http://shop.example/socket HTTP/1.1\r\nhost: shop.example\r\n"
                b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
                b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = connection.recv(1)
                assert byte, head
                head += byte
            assert head.startswith(b"HTTP/1.1 101 "), head


def listen_never_leaves_a_client_waiting():
    with Worker("listen-loop/index.ts") as worker:
        worker.ready()
        expect(ask(worker).text, "looped")
        expect((ask(worker, "/nothing").status, ask(worker, "/close").status), (502, 500))
        assert "closed before" in worker.wait("error", kind="handler")["message"], worker.seen
        expect(ask(worker, "/raw").status, 500)
        assert "HTTP only" in worker.wait("error", kind="handler")["message"], worker.seen
        expect(ask(worker).text, "looped")


def home_is_the_temporary_folder():
    with Worker("home/index.ts") as worker:
        worker.ready()
        expect(json.loads(ask(worker).text), {"home": True, "variable": True})
    with Worker("home/index.ts", env=["HOME=/mine"]) as worker:
        worker.ready()
        expect(json.loads(ask(worker).text), {"home": False, "variable": False})


def fluxbase_request_is_both():
    with Worker("handler/index.ts") as worker:
        expect(worker.ready()["form"], "handler")
        seen = json.loads(ask(worker, "/x?a=1&a=2&b=3", method="POST", body=b'{"n":1}',
                              fields=[("X-One", "1"), ("X-Two", "2")], request_id="r-9").text)
        context = {"execution_id": "r-9", "function_name": "handler", "namespace": "default",
                   "user": None}
        expect(seen, {
            "method": "POST", "body": '{"n":1}', "json": {"n": 1}, "plain": "1", "got": "1",
            "has": True, "params": {"a": "2", "b": "3"}, "user": None, "legacy": '{"n":1}',
            "isRequest": True, "clients": [None, None], "context": context,
            "cancelled": False, "payload": {"n": 1},
        })


def fluxbase_results():
    with Worker("handler/index.ts") as worker:
        worker.ready()
        made = ask(worker, "/status")
        expect((made.status, made.get("x-count"), json.loads(made.text)), (201, "3", {"made": True}))
        assert made.get("content-type").startswith("application/json")
        expect(ask(worker, "/text").text, "text")
        expect((ask(worker, "/response").status, ask(worker, "/response").body),
               (202, bytes([0, 255, 1])))
        nothing = ask(worker, "/undefined")
        expect((nothing.status, nothing.body, nothing.get("content-type")), (200, b"", None))
        thrown = ask(worker, "/throw", request_id="r-1")
        expect((thrown.status, json.loads(thrown.text)),
               (500, {"error": "handler failed", "logs": "handler failed", "request_id": "r-1"}))
        error = worker.wait("error", kind="handler")
        expect((error["message"], error["line"], error["request_id"]),
               ("Error: handler failed", 14, "r-1"))


def encode(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def fluxbase_callers():
    with Worker("handler/index.ts") as worker:
        worker.ready()
        claims = {"sub": "u-1", "email": "ä@x", "role": "authenticated", "session_id": "s"}
        seen = json.loads(ask(worker, "/x", fields=[("x-auth-claims", encode(claims))]).text)
        user = {"id": "u-1", "email": "ä@x", "role": "authenticated"}
        expect(seen["user"], {**user, "session_id": "s"})
        expect(seen["context"]["user"], user)
        claims = {"role": "service_role"}
        expect(json.loads(ask(worker, "/x", fields=[("x-auth-claims", encode(claims))]).text)["user"],
               None)


def fluxbase_secrets():
    with Worker("secrets/index.ts", env=["MY_TOKEN=t0k3n"]) as worker:
        load = json.loads(worker.launch["load"])
        load["secrets"] = {"openai.key": "system", "Both": "of all", "SHORT": "ab"}
        worker.launch["load"] = json.dumps(load)
        worker.ready()

        def of(own, path="/"):
            fields = [("x-deno-worker-user-secrets", encode(own))] if own is not None else []
            return ask(worker, path, fields=fields)

        nobody = {"top": "system", "get": ["system", "of all", None], "user": None,
                  "system": "of all", "required": "The secret none is not set: weir secrets set none",
                  "later": "of all", "header": None}
        expect(json.loads(of(None).text), nobody)
        ada = json.loads(of({"BOTH": "Ada's", "none": "ünï"}).text)
        expect(ada, {**nobody, "get": ["system", "Ada's", "ünï"], "user": "Ada's",
                     "required": "ünï", "later": "Ada's"})
        expect(json.loads(of(None).text), nobody)
        # Not even side by side does one see what is another's.
        answers = {}
        def one(name):
            answers[name] = json.loads(of({"both": name}, "/slow").text)["later"]
        threads = [threading.Thread(target=one, args=(name,)) for name in ("a", "b", "c", "d")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        expect(answers, {name: name for name in "abcd"})
        thrown = of({"none": "mine alone"}, "/throw")
        expect(json.loads(thrown.text)["error"], "*** *** *** ab")


def unexported_handler():
    with Worker("handler-unexported/index.ts") as worker:
        expect(worker.ready()["form"], "handler")
        response = ask(worker)
        expect((response.text, response.get("content-type")), ('{"hidden":true}', "application/json"))
        expect(ask(worker, "/throw").status, 500)
        error = worker.wait("error")
        expect((error["line"], error["column"]), (7, 11))
        expect(error["source"].strip(), 'throw new Error("line eight");')


def flux_values():
    with Worker("flux/index.ts", env=["TOKEN=t0k3n"]) as worker:
        expect(worker.ready()["form"], "flux")

        def post(value):
            return ask(worker, "/flux", method="POST", body=json.dumps(value).encode())

        response = post({"name": "Ada"})
        expect((response.status, response.text), (200, '{"hello":"Ada"}'))
        assert response.get("content-type").startswith("application/json")
        event = worker.wait("log")
        expect((event["level"], event["message"]), ("warn", 'saw {"input":{"name":"Ada"}}'))
        expect(json.loads(ask(worker, "/flux?name=Eve").text), {"hello": "Eve"})
        expect(ask(worker, "/flux", method="POST", body=b"not json").text, '{"hello":null}')
        expect(post({"name": "nothing"}).text, "null")
        expect((post({"name": "response"}).status, post({"name": "response"}).text),
               (418, "as it is"))
        expect(json.loads(post({"name": "secret"}).text),
               ["t0k3n", "fallback", "secret not found: ABSENT", "t0k3n"])


def flux_schemas():
    with Worker("flux/index.ts") as worker:
        worker.ready()
        bad = ask(worker, "/", method="POST", body=b'{"name":5}')
        expect(bad.status, 400)
        expect(json.loads(bad.text), {
            "error": "INPUT_VALIDATION_ERROR", "message": "The input does not match its schema",
            "violations": [{"path": ["name"], "message": "a string"}]})
        thrown = ask(worker, "/", method="POST", body=b'{"name":"throw"}')
        expect((thrown.status, json.loads(thrown.text)),
               (500, {"error": "FunctionExecutionError", "message": "broke"}))
        coded = ask(worker, "/", method="POST", body=b'{"name":"code"}')
        expect((coded.status, json.loads(coded.text)["error"]), (500, "OUT_OF_TODOS"))
        wrong = ask(worker, "/", method="POST", body=b'{"name":"wrong"}')
        expect((wrong.status, json.loads(wrong.text)["error"]), (500, "OUTPUT_VALIDATION_ERROR"))


def node_http():
    with Worker("node-http/index.ts") as worker:
        expect(worker.ready()["form"], "node")
        response = ask(worker, "/a?b=1", request_id="r-2")
        expect((response.text, response.get("x-peer")), ("node /a?b=1 shop.example:8443", "192.0.2.7"))
        expect(worker.wait("log")["request_id"], "r-2")
        thrown = ask(worker, "/throw", request_id="r-3")
        expect((thrown.status, thrown.text), (500, "Internal Server Error"))
        error = worker.wait("error", kind="handler")
        expect((error["line"], error["request_id"]), (4, "r-3"))
        expect(worker.stop(), 0)


def express():
    with Worker("express/index.ts") as worker:
        expect(worker.ready()["form"], "node")
        expect(json.loads(ask(worker, "/hello?a=b").text), {"ip": "192.0.2.7", "query": {"a": "b"}})
        expect(ask(worker, "/other").status, 404)


main([
    simple("serve-finished/index.ts", "serve", "/", "awaited"),
    simple("serve-late/index.ts", "serve", "/", "late"),
    simple("listen-port/index.ts", "serve", "/", "served true"),
    simple("main-serve/index.ts", "serve", "/", "main"),
    simple("main-fetch/index.ts", "fetch", "/", "main true"),
    simple("fetch/index.ts", "fetch", "/p", "fetched /p"),
    simple("default/index.ts", "default", "/", "default "),
    simple("plain-js/index.js", "default", "/", "plain"),
    simple("fluxbase-import/index.ts", "flux", "/?a=1", '{"a":"1"}'),
    simple("fastify/index.ts", "node", "/hello", '{"framework":"fastify"}'),
    simple("koa/index.ts", "node", "/hello", "koa /hello"),
    simple("hono/index.ts", "fetch", "/hello/ada", "hono ada"),
    simple("hono-node/index.ts", "node", "/hello", "hono on node"),
    ("Deno.serve sees the client's request", serve_sees_the_clients_request),
    ("Deno.serve shows the address asked for", serve_shows_the_address_asked_for),
    ("Deno.serve honours onError", serve_honours_on_error),
    ("a second Deno.serve is reported", second_serve_is_reported),
    ("Deno.listen sees the client's request", listen_sees_the_clients_request),
    ("Deno.serveHttp knows the request", listen_knows_the_request),
    ("Deno.serveHttp upgrades to WebSockets", listen_upgrades),
    ("Deno.serveHttp never leaves a client waiting", listen_never_leaves_a_client_waiting),
    ("the home folder is the temporary one", home_is_the_temporary_folder),
    ("a Fluxbase request is an object and a Request", fluxbase_request_is_both),
    ("Fluxbase results become responses", fluxbase_results),
    ("a Fluxbase handler knows who calls", fluxbase_callers),
    ("Fluxbase's secrets are those of the caller first", fluxbase_secrets),
    ("a handler need not be exported", unexported_handler),
    ("Flux values", flux_values),
    ("Flux schemas", flux_schemas),
    ("node:http", node_http),
    ("express", express),
])
