# SPDX-License-Identifier: LGPL-2.1-or-later
"""Weir with authentication, a rate limit, CORS, request ids and the access log, and what its
clients send."""

import base64
import hashlib
import hmac
import json
import os
import shutil
from pathlib import Path

from gateways import HERE, Gateway, free_port, weir_command, weir_environment

SECRET = "a secret that is of use to nobody else"
PAGE = "http://page.test"
EVERYTHING = f"""
[authenticators.jwt]
secret = "{SECRET}"

[defaults]
rate_limit = "9000000/min burst 10000000"
cors_origins = ["{PAGE}"]
"""


def token():
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    claims = {"sub": "5f0c6a3e-8d1b-4d6c-9a53-1f6f3a0b7c11", "role": "authenticated",
              "iss": "http://127.0.0.1/auth/v1", "aud": "authenticated", "exp": 4102444800}
    text = ".".join(encode(json.dumps(p).encode()) for p in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{text}.{encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest())}"


def headers():
    return [f"Authorization: Bearer {token()}", f"Origin: {PAGE}"]


def start(build, adapter, folder, name, config=EVERYTHING, log=True):
    """Weir in a project of its own; its access log goes to a file, as JSON."""
    project = Path(folder) / name
    shutil.copytree(HERE / "functions", project / "functions")
    (project / "weir.toml").write_text(config)
    port = free_port()
    command = weir_command(build, project, port, "--adapter", adapter)
    if log:
        command.remove("--quiet")
        command.append("--json")
    with open(Path(folder) / f"{name}.log", "wb") as output:
        return Gateway(name, f"adapter {adapter}", command, port, weir_environment(build), output,
                       "/_weir/health")


def start_node(socket, folder, name):
    """The Node gateway, with the same done by hand."""
    port = free_port()
    command = ["node", HERE / "peers/node-everything.mjs", str(port), socket]
    with open(Path(folder) / f"{name}.log", "wb") as output:
        return Gateway(name, "node:http, the same by hand", command, port,
                       dict(os.environ, SECRET=SECRET, PAGE=PAGE), output, "/health")
