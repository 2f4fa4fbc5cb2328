// SPDX-License-Identifier: LGPL-2.1-or-later

// A test program in TAP: test(name, async function), then run().

const {GLib} = imports.gi;

const WATCHDOG_S = 8;
const tests = [];

/* exported test, run, equal, ok, throws */

function test(name, func) {
    tests.push([name, func]);
}

function equal(got, expected, what = '') {
    const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
    if (a !== b)
        throw new Error(`${what} expected ${b}, got ${a}`);
}

function ok(value, what = 'a condition') {
    if (!value)
        throw new Error(`${what} is not true`);
}

function throws(func, domain, code) {
    try {
        func();
    } catch (error) {
        ok(error.matches && error.matches(domain, code), `${error}: domain and code`);
        return error;
    }
    throw new Error('no error was thrown');
}

async function runAll(loop) {
    let failed = 0;
    print(`1..${tests.length}`);
    for (const [i, [name, func]] of tests.entries()) {
        try {
            await func();
            print(`ok ${i + 1} - ${name}`);
        } catch (error) {
            failed++;
            print(`not ok ${i + 1} - ${name}`);
            print(`# ${error}\n${error.stack}`.replaceAll('\n', '\n# '));
        }
    }
    loop.quit();
    return failed;
}

function run(seconds = WATCHDOG_S) {
    const loop = GLib.MainLoop.new(null, false);
    const watchdog = GLib.timeout_add_seconds(GLib.PRIORITY_HIGH, seconds, () => {
        print('Bail out! Nothing happened for too long');
        loop.quit();
        return GLib.SOURCE_CONTINUE;
    });
    let failed = 1;
    runAll(loop).then(n => (failed = n), error => logError(error));
    loop.run();
    GLib.source_remove(watchdog);
    imports.system.exit(failed === 0 ? 0 : 1);
}
