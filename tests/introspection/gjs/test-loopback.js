// SPDX-License-Identifier: LGPL-2.1-or-later

// Drives a pipeline without a socket, with stages that are written in JavaScript.

imports.gi.versions.Weir = '1';
imports.searchPath.unshift(ARGV[0]);

const {Gio, GLib, GObject, Weir} = imports.gi;
const System = imports.system;
const {test, run, equal, ok} = imports.support;
const NEVER_MS = 3600000;

Gio._promisify(Weir.LoopbackAdapter.prototype, 'send_async', 'send_finish');

// Answers in each of the ways that there are, by path.
const Answers = GObject.registerClass({
    Implements: [Weir.Stage],
}, class Answers extends GObject.Object {
    _init() {
        super._init();
        this.kept = [];
        this.seen = [];
    }

    vfunc_handle(exchange, task) {
        const path = exchange.get_path();
        this.seen.push(path);
        switch (path) {
        case '/at-once': {
            const request = exchange.get_request();
            exchange.set_response_text(200, 'text/plain',
                `${request.get_method()} ${request.get_target()} ${request.dup('x-name')}`);
            exchange.set_response_header('x-stage', 'gjs');
            task.return_boolean(true);
            break;
        }
        case '/later':
            GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, () => {
                exchange.set_response_text(201, null, 'later');
                task.return_boolean(true);
                return GLib.SOURCE_REMOVE;
            });
            break;
        case '/bytes':
            exchange.set_response(200, 'application/octet-stream',
                new GLib.Bytes(new Uint8Array([0, 1, 2])));
            task.return_boolean(true);
            break;
        case '/error':
            task.return_error(new GLib.Error(Weir.Error, Weir.Error.FORBIDDEN, 'Not for you'));
            break;
        case '/dropped':
            break;
        case '/never':
            this.kept.push(task);
            break;
        default:
            task.return_boolean(false);
        }
    }
});

// Stands before the others, wherever it was added.
const Early = GObject.registerClass({
    Implements: [Weir.Stage],
}, class Early extends GObject.Object {
    vfunc_get_phase() {
        return Weir.Phase.REQUEST_ID;
    }

    vfunc_handle(exchange, task) {
        exchange.set_request_id('from-gjs');
        exchange.set_response_header('x-early', exchange.get_request_id());
        task.return_boolean(false);
    }
});

// Throws in each of the ways that there are, by path.
const Throws = GObject.registerClass({
    Implements: [Weir.Stage],
}, class Throws extends GObject.Object {
    _init() {
        super._init();
        this.kept = [];
    }

    vfunc_handle(exchange, task) {
        const path = exchange.get_path();
        if (path === '/answered')
            task.return_boolean(false);
        else if (path === '/kept')
            this.kept.push(task);
        else if (path === '/forbidden')
            throw new GLib.Error(Weir.Error, Weir.Error.FORBIDDEN, 'Not for you');
        throw new TypeError('a mistake in a stage');
    }
});

const ThrowsMore = GObject.registerClass({
    Implements: [Weir.Stage],
}, class ThrowsMore extends Throws {
    vfunc_handle(exchange, task) {
        super.vfunc_handle(exchange, task);
    }
});

const Waits = GObject.registerClass({
    Implements: [Weir.Stage],
}, class Waits extends GObject.Object {
    async vfunc_handle(exchange, task) {
        await Promise.resolve();
        if (exchange.get_path() === '/')
            throw new TypeError('a mistake after a pause');
        exchange.set_response_text(202, null, 'after a pause');
        task.return_boolean(true);
    }
});

const Empty = GObject.registerClass({
    Implements: [Weir.Stage],
}, class Empty extends GObject.Object {});

const pipelines = [];

function pipelineOf(...stages) {
    const pipeline = Weir.Pipeline.new(null);
    stages.forEach(stage => pipeline.add_stage(stage));
    pipelines.push(pipeline);
    return pipeline;
}

async function send(pipeline, target, method = 'GET', headers = null, body = null) {
    const adapter = Weir.LoopbackAdapter.new();
    const [head, bytes] = await adapter.send_async(pipeline, method, target, headers, body, null);
    return [head, new TextDecoder().decode(bytes.toArray())];
}

test('at once', async () => {
    const [head, body] = await send(pipelineOf(new Answers()), '/at-once?a=b', 'POST',
        ['X-Name: me'], new GLib.Bytes('body'));
    equal(head.get_status(), 200);
    equal(body, 'POST /at-once?a=b me');
    equal(head.dup('content-type'), 'text/plain');
    equal(head.dup('X-Stage'), 'gjs');
});

test('later', async () => {
    const [head, body] = await send(pipelineOf(new Answers()), '/later');
    equal([head.get_status(), body], [201, 'later']);
});

test('bytes', async () => {
    const [, body] = await send(pipelineOf(new Answers()), '/bytes');
    equal(body, '\0\x01\x02');
});

test('error', async () => {
    const [head, body] = await send(pipelineOf(new Answers()), '/error');
    equal(head.get_status(), 403);
    ok(body.includes('Not for you'), body);
});

test('dropped', async () => {
    // What is lost in JavaScript is lost when the collector finds it.
    const collecting = GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, () => {
        System.gc();
        return GLib.SOURCE_CONTINUE;
    });
    const [head] = await send(pipelineOf(new Answers()), '/dropped');
    GLib.source_remove(collecting);
    equal(head.get_status(), 500);
});

test('never', async () => {
    const stage = new Answers();
    const pipeline = pipelineOf(stage);
    pipeline.set_stage_timeout(50);
    const [head] = await send(pipeline, '/never');
    equal(head.get_status(), 504);
    stage.kept.pop().return_boolean(false);
});

function expectError(what) {
    GLib.test_expect_message('Gjs', GLib.LogLevelFlags.LEVEL_WARNING, `JS ERROR: ${what}*`);
}

function assertExpected() {
    GLib.test_assert_expected_messages_internal('Gjs', 'test-loopback.js', 0, '');
}

// Neither the collector nor the deadline comes in time to answer any of these.
async function sendToThrowing(stage, path) {
    const pipeline = pipelineOf(stage);
    pipeline.set_stage_timeout(NEVER_MS);
    const [head, body] = await send(pipeline, path);
    return [head.get_status(), body];
}

for (const Class of [Throws, ThrowsMore]) {
    test(`throws: ${Class.name}`, async () => {
        for (const path of ['/', '/kept']) {
            expectError(`${Class.name}.vfunc_handle: TypeError: a mistake in a stage`);
            const [status, body] = await sendToThrowing(new Class(), path);
            assertExpected();
            equal(status, 500, path);
            const {code, message} = JSON.parse(body).error;
            equal(code, 'failed', path);
            equal(message, `${Class.name}.vfunc_handle threw an exception`);
        }
        expectError(Class.name);
        equal((await sendToThrowing(new Class(), '/answered'))[0], 404);
        assertExpected();
        const [status, body] = await sendToThrowing(new Class(), '/forbidden');
        equal(status, 403);
        ok(body.includes('Not for you'), body);
    });
}

test('rejects', async () => {
    expectError('Waits.vfunc_handle: TypeError: a mistake after a pause');
    const [status, body] = await sendToThrowing(new Waits(), '/');
    assertExpected();
    equal([status, JSON.parse(body).error.code], [500, 'failed']);
    equal(await sendToThrowing(new Waits(), '/here'), [202, 'after a pause']);
});

test('passed on', async () => {
    const answers = new Answers();
    const [head] = await send(pipelineOf(new Empty(), answers), '/nobody');
    equal(head.get_status(), 404);
    equal(answers.seen, ['/nobody']);
});

test('phases', async () => {
    const [head] = await send(pipelineOf(new Answers(), new Early()), '/at-once');
    equal(head.dup('x-early'), 'from-gjs');
});

test('many', async () => {
    const pipeline = pipelineOf(new Answers());
    for (let i = 0; i < 50; i++) {
        const [, body] = await send(pipeline, `/at-once?${i}`);
        equal(body, `GET /at-once?${i} null`);
    }
});

test('many at a time', async () => {
    const pipeline = pipelineOf(new Answers());
    const all = Array.from({length: 20}, (_, i) => send(pipeline, i % 2 ? '/later' : '/at-once'));
    const statuses = (await Promise.all(all)).map(([head]) => head.get_status());
    equal(statuses, Array.from({length: 20}, (_, i) => i % 2 ? 201 : 200));
});

run();
