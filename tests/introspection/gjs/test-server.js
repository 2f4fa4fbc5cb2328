// SPDX-License-Identifier: LGPL-2.1-or-later

// Embeds a whole server: a function in Deno, and a stage that is written in JavaScript.

imports.gi.versions.Weir = '1';
imports.gi.versions.Soup = '3.0';
imports.searchPath.unshift(ARGV[0]);

const {Gio, GLib, GObject, Soup, Weir} = imports.gi;
const {test, run, equal, ok, throws} = imports.support;

const FUNCTION = "Deno.serve(() => new Response('hello from a function'));\n";

Gio._promisify(Weir.Server.prototype, 'stop_async', 'stop_finish');
Gio._promisify(Soup.Session.prototype, 'send_and_read_async', 'send_and_read_finish');

const Teapot = GObject.registerClass({
    Implements: [Weir.Stage],
}, class Teapot extends GObject.Object {
    vfunc_handle(exchange, task) {
        if (exchange.get_path() === '/teapot') {
            exchange.set_response_text(418, 'text/plain', 'short and stout');
            task.return_boolean(true);
        } else {
            exchange.set_response_header('x-passed', 'gjs');
            task.return_boolean(false);
        }
    }
});

const folder = GLib.dir_make_tmp('weir-gjs-XXXXXX');

function makeServer() {
    const listen = new GLib.Variant('as', ['127.0.0.1:0']);
    return Weir.Server.new(Weir.Config.load(folder, new GLib.Variant('a{sv}', {listen})));
}

async function get(uri) {
    const session = new Soup.Session();
    const message = Soup.Message.new('GET', uri);
    const body = await session.send_and_read_async(message, GLib.PRIORITY_DEFAULT, null);
    return [message.status_code, new TextDecoder().decode(body.toArray()),
        message.get_response_headers()];
}

test('a project', () => {
    GLib.mkdir_with_parents(`${folder}/functions/hello`, 0o700);
    GLib.file_set_contents(`${folder}/functions/hello/index.ts`, FUNCTION);
});

test('a server', async () => {
    const server = makeServer();
    const workers = [];
    const states = [];
    const exits = [];
    const records = [];

    server.connect('worker-added', (_, worker) => {
        workers.push(worker);
        worker.connect('state-changed', (_w, _from, to) => states.push(to));
        worker.connect('exited', w => exits.push(w.get_exit_reason()));
    });
    const told = [];
    server.connect('request', (_, record) => records.push(record));
    server.connect('requests', (_, batch) => told.push(...batch));
    server.add_stage(new Teapot());
    server.start();
    equal(server.get_state(), Weir.ServerState.RUNNING);
    const [uri] = server.dup_uris();
    equal(server.get_functions().get_item(0).get_name(), 'hello');

    let [status, body, headers] = await get(`${uri}/teapot`);
    equal([status, body], [418, 'short and stout']);

    [status, body, headers] = await get(`${uri}/hello`);
    equal([status, body], [200, 'hello from a function']);
    equal(headers.get_one('x-passed'), 'gjs');
    equal(workers[0].get_function().get_name(), 'hello');
    ok(workers[0].get_pid() > 0, 'a process');
    const {SPAWNING, BOOTING, IDLE, BUSY, EXITED} = Weir.WorkerState;
    equal(states.slice(0, 3), [SPAWNING, BOOTING, IDLE]);
    ok(states.includes(BUSY), 'it was busy');

    [status] = await get(`${uri}/no-such-function`);
    equal(status, 404);

    ok(await server.stop_async(null));
    equal(server.get_state(), Weir.ServerState.STOPPED);
    equal(states.at(-1), EXITED);
    equal(exits, [Weir.WorkerExitReason.REQUESTED]);
    equal(records.map(r => [r.get_target(), r.get_status(), r.get_function()]),
        [['/teapot', 418, null], ['/hello', 200, 'hello'], ['/no-such-function', 404, null]]);
    equal(told.map(r => [r.get_target(), r.get_ended()]), records.map(r => [r.get_target(), r.get_ended()]));
});

const SICK = "Deno.serve((req) => { if (req.url.endsWith('/loop')) for (;;); return new Response('well'); });\n";
const HEALTH_CHECKS = `
[functions.hello]
cpu_soft_ms = 0
cpu_hard_ms = 0
health_check_interval_ms = 100
health_check_timeout_ms = 1000
health_check_failures = 2
`;

test('the life of a function', async () => {
    GLib.file_set_contents(`${folder}/functions/hello/index.ts`, SICK);
    GLib.file_set_contents(`${folder}/weir.toml`, HEALTH_CHECKS);
    const server = makeServer();
    const life = [];
    const sick = [];

    server.connect('function-ready', (_, name) => life.push(`ready ${name}`));
    server.connect('function-cold', (_, name) => life.push(`cold ${name}`));
    server.connect('worker-unhealthy', (_, worker, failures) =>
        sick.push([worker.get_function().get_name(), worker.get_exit_reason(), failures]));
    server.start();
    const [uri] = server.dup_uris();
    equal((await get(`${uri}/hello`))[0], 200);
    equal(life[0], 'ready hello');
    equal((await get(`${uri}/hello/loop`))[0], 500);
    ok(sick.length > 0, 'somebody was told');
    sick.forEach(told => equal(told, ['hello', Weir.WorkerExitReason.UNHEALTHY, 2]));
    equal((await get(`${uri}/hello`))[0], 200);
    ok(await server.stop_async(null));
    equal(life.at(-1), 'cold hello');

    GLib.file_set_contents(`${folder}/functions/hello/index.ts`, FUNCTION);
    Gio.File.new_for_path(`${folder}/weir.toml`).delete(null);
});

test('a stage that comes too late', async () => {
    const server = makeServer();
    server.start();
    throws(() => server.add_stage(new Teapot()), Weir.Error, Weir.Error.INVALID_STATE);
    ok(await server.stop_async(null));
});

test('the end', () => {
    ['functions/hello/index.ts', 'functions/hello', 'functions', ''].forEach(path =>
        Gio.File.new_for_path(`${folder}/${path}`).delete(null));
});

if (GLib.getenv('WEIR_DENO') || GLib.find_program_in_path('deno'))
    run(40);
else
    print('1..0 # SKIP there is no deno, nobody served a function from GJS');
