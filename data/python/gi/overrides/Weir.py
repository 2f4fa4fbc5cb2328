# SPDX-License-Identifier: LGPL-2.1-or-later
"""PyGObject prints an exception of a virtual method and keeps the traceback, and with it the task
that the method should have answered. Here it is printed and let go of: a task that nobody holds any
more is answered at once."""

import functools
import sys

from gi.module import get_introspection_module
from gi.overrides import override

Weir = get_introspection_module("Weir")


def forgetting(method):
    @functools.wraps(method)
    def wrapper(*args):
        try:
            method(*args)
        except Exception:
            sys.excepthook(*sys.exc_info())

    return wrapper


def forget_exceptions(cls, method):
    if method in cls.__dict__:
        setattr(cls, method, forgetting(cls.__dict__[method]))


@override
class Stage(Weir.Stage):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        forget_exceptions(cls, "do_handle")


@override
class Authenticator(Weir.Authenticator):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        forget_exceptions(cls, "do_authenticate")


@override
class RateLimiter(Weir.RateLimiter):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        forget_exceptions(cls, "do_check")


__all__ = ["Authenticator", "RateLimiter", "Stage"]
