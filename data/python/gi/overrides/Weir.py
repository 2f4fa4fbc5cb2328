# SPDX-License-Identifier: LGPL-2.1-or-later
"""PyGObject prints an exception of a virtual method and goes on; the task that the method should
have answered would wait until its time is over. Here it is answered at once."""

import functools
import sys

from gi.module import get_introspection_module
from gi.overrides import override
from gi.repository import GLib

Weir = get_introspection_module("Weir")


def to_answer(error, who):
    """An error of Weir's own is an answer, raised or not; all else is a fault."""
    domain = GLib.quark_to_string(Weir.error_quark())
    if isinstance(error, GLib.Error) and error.domain == domain:
        return error
    sys.excepthook(type(error), error, error.__traceback__)
    return GLib.Error.new_literal(
        Weir.error_quark(), f"{who} raised an exception", int(Weir.Error.FAILED))


def fail(task, answer):
    # One that was answered before is completed when this source has its turn.
    if not task.get_completed():
        task.return_error(answer)
    return GLib.SOURCE_REMOVE


def answering(method):
    @functools.wraps(method)
    def wrapper(*args):
        try:
            method(*args)
        except Exception as error:
            answer = to_answer(error, method.__qualname__)
            GLib.idle_add(fail, args[-1], answer, priority=GLib.PRIORITY_DEFAULT)

    return wrapper


def answer_exceptions(cls, method):
    if method in cls.__dict__:
        setattr(cls, method, answering(cls.__dict__[method]))


@override
class Stage(Weir.Stage):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        answer_exceptions(cls, "do_handle")


@override
class Authenticator(Weir.Authenticator):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        answer_exceptions(cls, "do_authenticate")


@override
class RateLimiter(Weir.RateLimiter):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        answer_exceptions(cls, "do_check")


__all__ = ["Authenticator", "RateLimiter", "Stage"]
