// SPDX-License-Identifier: LGPL-2.1-or-later

// GJS prints what a virtual method throws and goes on, and prints less of what a promise of an
// asynchronous one was rejected with; the task that the method should have answered would wait
// until its time is over. Here it is answered at once.

/* exported _init */

const METHODS = {
    Stage: 'vfunc_handle',
    Authenticator: 'vfunc_authenticate',
    RateLimiter: 'vfunc_check',
};

function _init() {
    const Weir = this;
    const {GLib, GObject} = imports.gi;

    // An error of Weir's own is an answer, thrown or not; all else is a fault.
    function toAnswer(error, who) {
        if (error instanceof GLib.Error && error.domain === Weir.error_quark())
            return error;
        logError(error, who);
        return new GLib.Error(Weir.Error, Weir.Error.FAILED, `${who} threw an exception`);
    }

    // A task that was answered before is completed when this source has its turn.
    function fail(task, error, who) {
        const answer = toAnswer(error, who);
        GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
            if (!task.get_completed())
                task.return_error(answer);
            return GLib.SOURCE_REMOVE;
        });
    }

    function answering(method, name) {
        return function (...args) {
            const task = args.at(-1);
            const who = `${this.constructor.name}.${name}`;
            try {
                const result = method.apply(this, args);
                if (result instanceof Promise)
                    result.catch(error => fail(task, error, who));
            } catch (error) {
                fail(task, error, who);
            }
        };
    }

    const classInit = GObject.Object._classInit;
    GObject.Object._classInit = function (klass) {
        const interfaces = klass[GObject.interfaces] ?? [];
        for (const [name, method] of Object.entries(METHODS)) {
            const own = Object.getOwnPropertyDescriptor(klass.prototype, method);
            if (typeof own?.value === 'function' && interfaces.includes(Weir[name])) {
                own.value = answering(own.value, method);
                Object.defineProperty(klass.prototype, method, own);
            }
        }
        return classInit.call(this, klass);
    };
}
