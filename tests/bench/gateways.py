# SPDX-License-Identifier: LGPL-2.1-or-later
"""Weir and its peers as processes that answer on a port, for all benchmarks."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "weir"


def find_deno():
    for found in [os.environ.get("WEIR_DENO"), shutil.which("deno")]:
        if found:
            return found
    for found in sorted(DATA.glob("deno/node_modules/@deno/*/deno")):
        return str(found)
    sys.exit("No Deno: run ./data/dev/run --setup-only")


def find_workerd():
    pattern = "bench/node_modules/@cloudflare/workerd-*/bin/workerd"
    for found in sorted(DATA.glob(pattern)):
        return str(found)
    if shutil.which("npm") is None:
        return None
    print("Fetching workerd with npm …", file=sys.stderr)
    folder = DATA / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["npm", "install", "--silent", "--ignore-scripts", "--prefix", str(folder), "workerd"],
        stdout=sys.stderr,
    )
    return next((str(found) for found in sorted(DATA.glob(pattern))), None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_answer(process, port, path="/hello"):
    """Waits for a 200; raises when the process ends or 20 s are over."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"it ended with status {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as conn:
                conn.sendall(request)
                if conn.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.0002)
    raise RuntimeError("it did not answer within 20 s")


def cpu_seconds(pid):
    """All threads of a process, as the scheduler counts them, in nanoseconds."""
    total = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as stat:
                total += int(stat.read().split()[0])
    except FileNotFoundError:
        pass
    return total / 1e9


def rss_kilobytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


class Gateway:
    def __init__(self, name, note, command, port, env=None, log=subprocess.DEVNULL,
                 path="/hello"):
        self.name, self.note, self.port = name, note, port
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.DEVNULL,
        )
        try:
            first_answer(self.process, port, path)
        except RuntimeError:
            self.stop()
            raise
        self.pid = self._serving_pid()

    def _serving_pid(self):
        """nginx's master does not serve; its child does."""
        children = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "nginx"], capture_output=True, text=True
        ).stdout.split()
        return int(children[0]) if children else self.process.pid

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def weir_environment(build):
    plugins = (p for p in (Path(build) / "plugins").iterdir() if (p / f"{p.name}.plugin").exists())
    return dict(
        os.environ,
        WEIR_PLUGIN_PATH=":".join(str(p) for p in plugins),
        WEIR_BOOTSTRAP_PATH=str(ROOT / "bootstrap"),
        WEIR_DENO=find_deno(),
        LD_LIBRARY_PATH=str(Path(build) / "core"),
    )


def weir_command(build, folder, port, *options):
    return [
        Path(build) / "core/cli/weir", "serve", folder, "--quiet", "--no-reload",
        "--listen", f"127.0.0.1:{port}", *options,
    ]


def worker_command(where, function="hello"):
    return [find_deno(), "run", "--no-config", "-A", HERE / "peers/worker.ts", str(where), function]


class Fleet:
    """All gateways, or Weir and nginx only, in front of one worker each of the same kind. A
    context manager."""

    def __init__(self, build, adapters, work, only_nginx=False, function="hello"):
        self.build, self.adapters, self.work = build, adapters, Path(work)
        self.only_nginx, self.function = only_nginx, function
        self.gateways = []

    def __enter__(self):
        self.socket = self.work / "worker.sock"
        self.worker = subprocess.Popen(
            worker_command(self.socket, self.function),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        while not self.socket.exists():
            if self.worker.poll() is not None:
                sys.exit("The worker ended at once")
            time.sleep(0.01)
        self._start_all()
        return self

    def __exit__(self, *_):
        for gateway in self.gateways:
            gateway.stop()
        self.worker.terminate()
        self.worker.wait()

    def _add(self, name, note, command, port, env=None):
        try:
            self.gateways.append(Gateway(name, note, command, port, env, path="/" + self.function))
        except (RuntimeError, OSError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)

    def _fill(self, template, port):
        # As root nginx would serve as somebody who may not enter our folder.
        values = {
            "DIR": self.work, "SOCKET": self.socket, "PORT": port,
            "USER": "user root;" if os.getuid() == 0 else "",
        }
        text = (HERE / "peers" / template).read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        target = self.work / template.removesuffix(".in")
        target.write_text(text)
        return target

    def _start_all(self):
        for adapter in self.adapters:
            port = free_port()
            self._add(
                f"weir-{adapter}", f"adapter {adapter}",
                weir_command(self.build, HERE / "functions", port, "--adapter", adapter), port,
                weir_environment(self.build))
        port = free_port()
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self._add("nginx", "proxy_pass, keepalive 512",
                  [nginx, "-p", self.work, "-c", self._fill("nginx.conf.in", port)], port)
        if self.only_nginx:
            return
        port = free_port()
        self._add("haproxy", "one thread, http-reuse always",
                  [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f",
                   self._fill("haproxy.cfg.in", port)], port)
        port = free_port()
        self._add("node", "node:http, keep-alive agent",
                  ["node", HERE / "peers/node-gateway.mjs", str(port), self.socket], port)
        workerd = find_workerd()
        if workerd:
            shutil.copy(HERE / "peers/workerd.js", self.work)
            port = free_port()
            self._add("workerd", "serves the function itself",
                      [workerd, "serve", self._fill("workerd.capnp.in", port)], port)
        port = free_port()
        self._add("bare", "the worker alone, on TCP", worker_command(port), port)
