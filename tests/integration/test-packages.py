# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packages of npm, from a registry of our own: what a look at the modules finds, and what a worker
finds when it imports the function."""

import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
import unittest

import weirtest
from weirtest import Project, Server, wait_until

PACKAGES = {
    "outer": {"1.0.0": {"shared": "^1.0.0", "inner": "1.0.0"}},
    "inner": {"1.0.0": {"shared": "1.0.0"}},
    "shared": {"1.0.0": {}, "1.1.0": {}},
}
SOURCE = ("import names from 'npm:outer@1';"
          "Deno.serve(() => new Response([...new Set(names)].sort().join(' ')));")


def pack(name, version, needed):
    """Each exports its name and version and those of all that it needs."""
    code = [json.dumps(f"{name}@{version}")] + [f"...require({other!r})" for other in needed]
    files = {
        "package.json": json.dumps({"name": name, "version": version, "main": "index.js",
                                    "dependencies": needed}),
        "index.js": f"module.exports = [{', '.join(code)}];",
    }
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return data.getvalue()


ARCHIVES = {f"/{name}/{version}.tgz": pack(name, version, needed)
            for name, versions in PACKAGES.items() for version, needed in versions.items()}


class Registry(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def describe(self, name):
        versions = {}
        for version, needed in PACKAGES[name].items():
            path = f"/{name}/{version}.tgz"
            digest = base64.b64encode(hashlib.sha512(ARCHIVES[path]).digest()).decode()
            versions[version] = {"name": name, "version": version, "dependencies": needed,
                                 "dist": {"tarball": f"http://{self.headers['Host']}{path}",
                                          "integrity": f"sha512-{digest}"}}
        return json.dumps({"name": name, "dist-tags": {"latest": max(versions)},
                           "versions": versions}).encode()

    def do_GET(self):
        name = self.path.strip("/")
        body = ARCHIVES.get(self.path) or (self.describe(name) if name in PACKAGES else None)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Packages(unittest.TestCase):
    def setUp(self):
        self.registry = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        self.addCleanup(self.registry.server_close)
        self.addCleanup(self.registry.shutdown)
        threading.Thread(target=self.registry.serve_forever, daemon=True).start()

    def serve(self, files):
        project = Project({"weir.toml": '[runtimes.deno]\ncache = "cache"\n', **files})
        self.addCleanup(project.remove)
        address = f"http://127.0.0.1:{self.registry.server_port}"
        server = Server(project, env={"NPM_CONFIG_REGISTRY": address})
        self.addCleanup(server.stop)
        return server

    def check(self, files):
        answer = self.serve(files).get("/f")
        self.assertEqual((answer.status, answer.text.split()[:2]), (200, ["inner@1.0.0", "outer@1.0.0"]),
                         answer.text)

    def test_one_version_would_do_for_both(self):
        """A look at the modules spares one of two versions; an import while it runs does not."""
        self.check({"functions/f/index.ts": SOURCE})

    def test_without_a_standby(self):
        self.check({"functions/f/index.ts": SOURCE, "functions/f/deno.json": '{"imports": {}}'})

    def test_as_the_main_module(self):
        self.check({"functions/f/index.ts": "import.meta.main;" + SOURCE})

    def test_after_an_edit(self):
        server = self.serve({"functions/f/index.ts": "Deno.serve(() => new Response('none'));"})
        self.assertEqual(server.get("/f").text, "none")
        server.project.function("f", SOURCE)
        wait_until(lambda: server.get("/f").text.startswith("inner@"), "the edit is served")


weirtest.main()
