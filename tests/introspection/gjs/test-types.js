// SPDX-License-Identifier: LGPL-2.1-or-later

// What the types of the library are like, seen from JavaScript.

imports.gi.versions.Weir = '1';
imports.searchPath.unshift(ARGV[0]);

const {Gio, GLib, GObject, Weir} = imports.gi;
const {test, run, equal, ok, throws} = imports.support;
const PLUGINS = GLib.getenv('TEST_PLUGIN_DIR');

const OwnStage = GObject.registerClass({
    Implements: [Weir.Stage],
    Properties: {
        greeting: GObject.ParamSpec.string('greeting', null, null,
            GObject.ParamFlags.READWRITE, 'hello'),
        count: GObject.ParamSpec.int('count', null, null, GObject.ParamFlags.READWRITE, 1, 9, 1),
    },
}, class OwnStage extends GObject.Object {});

test('version', () => {
    equal(Weir.get_version(),
        `${Weir.MAJOR_VERSION}.${Weir.MINOR_VERSION}.${Weir.MICRO_VERSION}`);
});

test('enums', () => {
    ok(Weir.Phase.ROUTE < Weir.Phase.CONTENT);
    equal(Weir.WorkerState.NEW, 0);
    equal(typeof Weir.Dialect.SUPABASE, 'number');
});

test('head', () => {
    const head = Weir.Head.new();
    head.set_request('GET', 'http', 'localhost:9000', '/a?b');
    head.add('Set-Cookie', 'a=1');
    head.add('set-cookie', 'b=2');
    equal(head.get_target(), '/a?b');
    equal(head.dup_all('SET-COOKIE'), ['a=1', 'b=2']);
    equal(head.dup('set-cookie'), 'a=1, b=2');
    head.remove('set-cookie');
    equal(head.dup('set-cookie'), null);
});

test('errors', () => {
    throws(() => Weir.PluginEngine.new().load('nothing'),
        Weir.PluginError, Weir.PluginError.NOT_FOUND);
    throws(() => Weir.Config.load('/there/is/no/such/folder', null),
        Weir.ConfigError, Weir.ConfigError.READ);
});

test('plugins are a list', () => {
    const engine = Weir.PluginEngine.new();
    let changes = 0;
    engine.connect('items-changed', () => changes++);
    engine.add_search_path(PLUGINS);
    equal(changes, engine.get_n_items());
    const ids = Array.from({length: changes}, (_, i) => engine.get_item(i).id);
    equal(ids, [...ids].sort());
});

test('a plugin', () => {
    const engine = Weir.PluginEngine.new();
    engine.add_search_path(PLUGINS);
    const info = engine.get_info('good');
    const states = [];
    info.connect('notify::state', () => states.push(info.state));
    equal(info.provides, ['stage:good']);
    ok(engine.load_provider('stage', 'good'));
    equal(states, [Weir.PluginState.LOADING, Weir.PluginState.ACTIVE]);
    const options = new GLib.Variant('a{sv}', {greeting: new GLib.Variant('s', 'hi')});
    const stage = engine.get_registry().create(Weir.Stage.$gtype, 'good', options);
    equal(stage.greeting, 'hi');
    throws(() => engine.load('refuses'), Weir.PluginError, Weir.PluginError.REFUSED);
    ok(engine.get_info('refuses').error_message.includes('No licence was paid'));
});

test('an extension of our own', () => {
    const registry = Weir.ExtensionRegistry.new();
    ok(registry.add(Weir.Stage.$gtype, 'own', OwnStage.$gtype));
    const options = new GLib.Variant('a{sv}', {
        greeting: new GLib.Variant('s', 'hi'),
        count: new GLib.Variant('x', 9),
    });
    const stage = registry.create(Weir.Stage.$gtype, 'own', options);
    ok(stage instanceof OwnStage);
    equal([stage.greeting, stage.count], ['hi', 9]);
    const wrong = new GLib.Variant('a{sv}', {counts: new GLib.Variant('x', 1)});
    const error = throws(() => registry.create(Weir.Stage.$gtype, 'own', wrong),
        Weir.PluginError, Weir.PluginError.OPTION);
    ok(error.message.includes('did you mean “count”?'), error.message);
});

test('env file', () => {
    equal(Weir.env_file_parse('A=1\nB="two"\n', -1, 'x.env', null), ['A=1', 'B=two']);
});

test('whole objects', () => {
    equal(new Weir.PluginInfo().get_provides(), []);
    equal(new Weir.PluginContext().get_id(), null);
});

run();
