#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A worker in thirty lines: speaks the worker protocol and answers nothing.

What it does is the function's name: good, broken, crash, deaf (ignores SIGTERM), silent,
memory (says what V8 says when it is out of memory, and aborts).
"""

import json
import os
import signal
import socket
import sys


def say(**event):
    os.write(1, (json.dumps(event) + '\n').encode())


load = json.loads(sys.stdin.readline())
kind = load['name']
signal.signal(signal.SIGTERM, signal.SIG_IGN if kind == 'deaf' else lambda *_: os._exit(0))
if kind == 'broken':
    say(type='failed', code='syntax', message='Unexpected token', file='/f/index.ts', line=2, column=5,
        source='let = 1;')
    sys.exit(1)
listener = socket.socket(socket.AF_UNIX)
listener.bind(load['socket'])
listener.listen()
if kind != 'silent':
    say(type='log', level='info', message='about to be ready', request_id='r-1')
    say(type='ready', form='serve', load_ms=0.5)
if kind == 'crash':
    os.write(2, b'thread panicked\n')
    os.kill(os.getpid(), signal.SIGSEGV)
if kind == 'memory':
    os.write(2, b'Fatal JavaScript out of memory: Reached heap limit\n')
    os.abort()
while sys.stdin.readline():
    pass
os._exit(7)
