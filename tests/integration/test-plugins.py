#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""weir serve with the plugins of others: what they add, and what they break."""

import os

from tap import Skip, case, contains, equal, main
from weir_program import Server, environment, have_deno, project, weir

HELLO = {"functions/hello/index.ts": 'Deno.serve(() => new Response("hello\\n"));\n'}
PATH = f'path = ["{os.environ["TEST_PLUGIN_DIR"]}"]\n'


def with_toml(text):
    return {**HELLO, "weir.toml": text}


def needs_deno(function):
    def wrapped():
        if not have_deno():
            raise Skip("there is no Deno")
        function()

    wrapped.__name__ = function.__name__
    return case(wrapped)


def refused(toml, *parts):
    with project(with_toml(toml)) as root:
        result = weir("serve", "--listen", "127.0.0.1:0", str(root), env=environment())
        equal(result.status != 0, True, "the server does not start")
        for part in parts:
            contains(result.err, part)


@needs_deno
def a_stage_of_a_required_plugin():
    toml = f'[plugins]\n{PATH}require = ["good"]\n'
    with project(with_toml(toml)) as root, Server(root) as server:
        equal(server.call("/good"), (200, "hello"))
        equal(server.call("/hello"), (200, "hello\n"))


@needs_deno
def a_configured_stage():
    toml = f'[plugins]\n{PATH}[stages.good]\ngreeting = "good day"\nstatus = 201\n'
    with project(with_toml(toml)) as root, Server(root) as server:
        equal(server.call("/good"), (201, "good day"))


@needs_deno
def a_stage_that_drops_its_task():
    toml = f'[plugins]\n{PATH}require = ["never-answers"]\n'
    with project(with_toml(toml)) as root, Server(root) as server:
        equal(server.call("/drops")[0], 500)
        equal(server.call("/hello"), (200, "hello\n"), "the others go on")


@needs_deno
def a_stage_that_never_answers():
    toml = f'stage_timeout_ms = 50\n[plugins]\n{PATH}require = ["never-answers"]\n'
    with project(with_toml(toml)) as root, Server(root) as server:
        status, text = server.call("/never")
        equal(status, 504)
        contains(text, "within 50 ms")
        equal(server.call("/hello"), (200, "hello\n"), "the others go on")


@case
def a_required_plugin_that_refuses():
    refused(f'[plugins]\n{PATH}require = ["refuses"]\n', "refuses", "No licence was paid")


@case
def a_required_plugin_of_another_abi():
    refused(f'[plugins]\n{PATH}require = ["old-abi"]\n', "old-abi", "ABI 0.9")


@case
def a_required_plugin_that_is_not_there():
    refused(f'[plugins]\n{PATH}require = ["goot"]\n', "There is no plugin", "did you mean")


@case
def a_wrong_option_has_a_place():
    toml = f'[plugins]\n{PATH}[stages.good]\ngreting = "x"\n'
    refused(toml, "weir.toml:4", "greting", "did you mean", "greeting")
    refused(f'[plugins]\n{PATH}[stages.good]\nstatus = 99\n', "weir.toml:4", "from 200 to 599")


@case
def a_stage_that_nobody_has():
    refused(f'[plugins]\n{PATH}[stages.goood]\nstatus = 200\n', "weir.toml:4", "did you mean", "good")


main()
