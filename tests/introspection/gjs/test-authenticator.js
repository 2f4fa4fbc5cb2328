// SPDX-License-Identifier: LGPL-2.1-or-later

// An authenticator that is written in JavaScript: the one of the manual, and a bad one.

imports.gi.versions.Weir = '1';
imports.searchPath.unshift(ARGV[0]);

const {Gio, GLib, GObject, Weir} = imports.gi;
const {test, run, equal, ok} = imports.support;
const NEVER_MS = 3600000;

Gio._promisify(Weir.LoopbackAdapter.prototype, 'send_async', 'send_finish');

function readBadge() {
    const path = GLib.build_filenamev([ARGV[0], '..', '..', '..', 'docs', 'plugin-authors.md']);
    const manual = new TextDecoder().decode(GLib.file_get_contents(path)[1]);
    const code = manual.match(/```js\n(imports.*?)```/s)[1];
    ok(code.trimEnd().split('\n').length <= 20, 'twenty lines');
    return new Function(`${code}return Badge;`)();
}

const Badge = readBadge();

const Bad = GObject.registerClass({
    Implements: [Weir.Authenticator],
}, class Bad extends GObject.Object {
    vfunc_authenticate(exchange, task) {
        if (exchange.get_path() === '/never')
            this.kept = task;
        else if (exchange.get_path() === '/throws')
            throw new RangeError('a mistake');
        else if (exchange.get_path() === '/unauthorized')
            throw new GLib.Error(Weir.Error, Weir.Error.UNAUTHORIZED, 'Wrong badge');
        else
            task.return_error(new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.FAILED, 'gone'));
    }
});

const Who = GObject.registerClass({
    Implements: [Weir.Stage],
}, class Who extends GObject.Object {
    vfunc_handle(exchange, task) {
        const claims = exchange.get_request().dup('x-auth-claims');
        const text = new TextDecoder().decode(GLib.base64_decode(`${claims}==`));
        exchange.set_response_text(200, 'text/plain',
            `${exchange.get_identity().get_subject()} ${text}`);
        task.return_boolean(true);
    }
});

async function send(authenticator, target, headers, timeout = 200) {
    const pipeline = Weir.Pipeline.new(null);
    pipeline.add_authenticator(authenticator, 'test');
    pipeline.add_stage(new Who());
    pipeline.set_stage_timeout(timeout);
    const adapter = Weir.LoopbackAdapter.new();
    const [head, bytes] = await adapter.send_async(pipeline, 'GET', target, headers, null, null);
    return [head.get_status(), new TextDecoder().decode(bytes.toArray())];
}

test('the badge', async () => {
    equal(await send(new Badge(), '/', ['X-Badge: 42']), [200, 'ada {"sub":"ada"}']);
    equal((await send(new Badge(), '/', null))[0], 401);
    const [status, body] = await send(new Badge(), '/', ['X-Badge: 43', 'X-Auth-Claims: e30']);
    equal(status, 401);
    ok(body.includes('Wrong badge'), body);
});

test('fails closed', async () => {
    equal((await send(new Bad(), '/', ['X-Badge: 42']))[0], 500);
    const bad = new Bad();
    equal((await send(bad, '/never', null))[0], 504);
    Weir.task_return_identity(bad.kept, Weir.Identity.new('too late'));
});

test('throws', async () => {
    const {LEVEL_WARNING} = GLib.LogLevelFlags;
    GLib.test_expect_message('Gjs', LEVEL_WARNING, 'JS ERROR: Bad.vfunc_auth*: RangeError: a mistake*');
    const [status, body] = await send(new Bad(), '/throws', null, NEVER_MS);
    GLib.test_assert_expected_messages_internal('Gjs', 'test-authenticator.js', 0, '');
    equal([status, JSON.parse(body).error.code], [500, 'failed']);
    ok(!body.includes('a mistake'), body);
    const [refused, why] = await send(new Bad(), '/unauthorized', null, NEVER_MS);
    equal(refused, 401);
    ok(why.includes('Wrong badge'), why);
});

run();
