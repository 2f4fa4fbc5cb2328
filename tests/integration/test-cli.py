#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the commands of weir say and how they exit."""

import errno
import json
import os
import pathlib
import re
import socket
import subprocess

from tap import Skip, case, contains, equal, main
from weir_program import environment, have_deno, on_terminal, project, weir

OK, FAILED, USAGE, CONFIG, NOT_FOUND = range(5)
COMMANDS = ("serve", "new", "invoke", "list", "status", "config", "secrets", "api-keys", "store", "plugin", "doctor")
HELLO = 'Deno.serve(() => new Response("hello\\n"));\n'


@case
def help_lists_every_command():
    result = weir("--help")
    equal(result.status, OK)
    for command in COMMANDS:
        contains(result.out, f"  {command}")
    equal(result.err, "")


@case
def every_command_has_help():
    for command in COMMANDS:
        result = weir(command, "--help")
        equal(result.status, OK, command)
        contains(result.out, f"weir {command} [OPTION…]")


@case
def manual_has_every_option():
    source = os.environ.get("WEIR_MANUAL")
    if not source:
        raise Skip("WEIR_MANUAL is not set")
    manual = pathlib.Path(source).read_text(encoding="utf-8").replace("\\-", "-")
    for command in COMMANDS:
        for word in weir(command, "--help").out.split():
            if word.startswith("--") and word != "--help":
                contains(manual, word.split("=")[0])


@case
def shells_know_every_option():
    source = os.environ.get("WEIR_MANUAL")
    if not source:
        raise Skip("WEIR_MANUAL is not set")
    for path in (pathlib.Path(source).parents[1] / "completions").iterdir():
        known = path.read_text(encoding="utf-8")
        for command in COMMANDS:
            equal(command in known, True, f"{path.name}: {command}")
            for word in weir(command, "--help").out.split():
                if word.startswith("--") and word != "--help":
                    # fish has them without the dashes
                    name = word.split("=")[0].removeprefix("--")
                    equal(f"--{name}" in known or f"-l {name}" in known, True, f"{path.name}: {command} --{name}")


@case
def translators_get_every_file():
    source = os.environ.get("WEIR_MANUAL")
    if not source:
        raise Skip("WEIR_MANUAL is not set")
    root = pathlib.Path(source).parents[2]
    listed = (root / "po/POTFILES.in").read_text().split()
    for path in sorted((root / "core/cli").glob("*.c")):
        if '_ ("' in path.read_text(encoding="utf-8"):
            equal(str(path.relative_to(root)) in listed, True, path.name)


@case
def version():
    result = weir("--version")
    equal((result.status, result.err), (OK, ""))
    contains(result.out, "weir ")


@case
def no_command_is_wrong_usage():
    result = weir()
    equal((result.status, result.out), (USAGE, ""))
    contains(result.err, "Usage:")


@case
def unknown_command_names_the_nearest():
    result = weir("srve")
    equal(result.status, USAGE)
    contains(result.err, "weir serve")


@case
def unknown_option_is_wrong_usage():
    for command in COMMANDS:
        result = weir(command, "--frobnicate")
        equal((result.status, result.out), (USAGE, ""), command)
        contains(result.err, "--frobnicate")
        contains(result.err, f"weir {command} --help")


@case
def wrong_parameters_are_wrong_usage():
    for args in (
        ("serve", "a", "b"),
        ("serve", "--log-level", "loud"),
        ("serve", "--no-reload", "--strict-reload"),
        ("serve", "--env-file", "/nonexistent/.env"),
        ("new",),
        ("new", "a", "b"),
        ("invoke",),
        ("invoke", "a/b"),
        ("invoke", "a", "--path", "b"),
        ("invoke", "a", "--header", "no colon"),
        ("invoke", "a", "--method", "NO TOKEN"),
        ("config",),
        ("config", "chek"),
        ("plugin", "info"),
        ("list", "a", "b"),
        ("doctor", "a", "b"),
    ):
        result = weir(*args)
        equal(result.status, USAGE, " ".join(args))
        contains(result.err, "error: ")


@case
def missing_folder_is_not_found():
    for args in (
        ("serve", "/nonexistent"),
        ("list", "/nonexistent"),
        ("doctor", "/nonexistent"),
        ("config", "check", "--dir", "/nonexistent"),
        ("plugin", "list", "--dir", "/nonexistent"),
        ("invoke", "a", "--dir", "/nonexistent"),
        ("new", "a", "--dir", "/nonexistent"),
    ):
        result = weir(*args)
        equal(result.status, NOT_FOUND, " ".join(args))
        contains(result.err, "/nonexistent")


@case
def new_writes_a_function():
    with project() as root:
        result = weir("new", "greet", cwd=root)
        equal((result.status, result.err), (OK, ""))
        contains(result.out, "functions/greet/index.ts")
        contains(result.out, "curl http://127.0.0.1:9000/functions/v1/greet")
        contains((root / "functions/greet/index.ts").read_text(), "Deno.serve")


@case
def new_writes_into_supabase():
    with project({"supabase/config.toml": ""}) as root:
        result = weir("new", "greet", cwd=root)
        equal(result.status, OK)
        equal((root / "supabase/functions/greet/index.ts").exists(), True)
        equal((root / "functions").exists(), False)
        # There a call without a key is refused.
        contains(result.out, "--json '{\"name\":\"Ada\"}' -H 'apikey: sb_publishable_")
        contains((root / "supabase/functions/greet/index.ts").read_text(), "-H 'apikey: sb_publishable_")


@case
def new_writes_where_the_others_are():
    for folder in ("fluxbase/functions", "functions", "."):
        # One folder down: beside a folder of functions its weir.toml is looked for.
        with project({f"mine/{folder}/hello/index.ts": HELLO}) as root:
            result = weir("new", "greet", cwd=root / "mine")
            equal((result.status, result.err), (OK, ""), folder)
            contains(result.out, f"Wrote {folder}/greet/index.ts\n")
            listed = weir("list", "--json", cwd=root / "mine")
            names = [f["name"] for f in json.loads(listed.out or "{}").get("functions", [])]
            equal((sorted(names), listed.err), (["greet", "hello"], ""), folder)


@case
def new_knows_its_templates():
    marks = {
        "hello": "Deno.serve",
        "json": "export default",
        "hono": "npm:hono",
        "websocket": "upgradeWebSocket",
        "fluxbase": "function handler",
        "flux": "defineFunction",
    }
    with project() as root:
        for template, mark in marks.items():
            equal(weir("new", f"a-{template}", "-t", template, "-d", root).status, OK, template)
            text = (root / f"functions/a-{template}/index.ts").read_text()
            contains(text, mark)
            contains(text, f"a-{template}")
            equal("@NAME@" in text, False, template)
        result = weir("new", "b", "--template", "cobol", cwd=root)
        equal(result.status, USAGE)
        for template in marks:
            contains(result.err, template)


@case
def new_refuses_what_exists():
    with project({"functions/greet/index.ts": "mine", "functions/flat.ts": "mine"}) as root:
        for name in ("greet", "flat"):
            result = weir("new", name, cwd=root)
            equal(result.status, FAILED, name)
            contains(result.err, "exists already")
        equal((root / "functions/greet/index.ts").read_text(), "mine")


@case
def new_refuses_bad_names_and_suggests():
    with project() as root:
        for name, better in (
            ("My Greeter!", "my-greeter"),
            ("_shared", "shared"),
            ("9lives", "lives"),
            ("api", "my-function"),
            ("../up", "up"),
            ("", "my-function"),
            ("é", "my-function"),
        ):
            result = weir("new", name, cwd=root)
            equal(result.status, USAGE, name)
            contains(result.err, f"weir new {better}\n")
        equal(list(root.iterdir()), [])


@case
def config_check_is_content_with_a_good_one():
    with project({"weir.toml": "", "functions/hello/index.ts": HELLO}) as root:
        result = weir("config", "check", cwd=root)
        equal((result.status, result.err), (OK, ""))


@case
def config_check_gives_file_and_line():
    broken = {
        "weir.toml": '\nlisten = 9000\nreloda = true\n\n[functions.hello]\nmemory_limit_mb = "much"\n',
        "functions/hello/index.ts": HELLO,
        "functions/hello/function.json": '{\n  "idle_timeout_ms": []\n}\n',
    }
    with project(broken) as root:
        result = weir("config", "check", cwd=root)
        equal(result.status, CONFIG)
        for place in ("weir.toml:2", "weir.toml:3", "weir.toml:6", "function.json:2"):
            contains(result.err, place)
        contains(result.err, "reload")
        as_json = weir("config", "check", "--json", cwd=root)
        equal(as_json.status, CONFIG)
        contains("\n".join(json.loads(as_json.out)["problems"]), "weir.toml:2")


@case
def config_check_names_the_line_of_a_syntax_error():
    with project({"weir.toml": "listen = [\n=", "functions/hello/index.ts": HELLO}) as root:
        result = weir("config", "check", cwd=root)
        equal(result.status, CONFIG)
        contains(result.err, "weir.toml:2")


@case
def config_check_knows_the_adapters():
    with project({"weir.toml": '\nadapter = "sop"\n', "functions/a/index.ts": HELLO}) as root:
        result = weir("config", "check", cwd=root)
        equal(result.status, CONFIG)
        contains(result.err, "weir.toml:2")
        contains(result.err, "sop")


@case
def config_check_asks_the_runtime():
    for files, said in (
        ({"weir.toml": '[functions.hello]\npermissions = "standart"\n'}, ("weir.toml:2", "standart")),
        ({"weir.toml": '[permissions.mine]\nflags = ["allow-net"]\n'
                       '[functions.hello]\npermissions = "mine"\n'}, ("weir.toml:2", "allow-net")),
        ({"weir.toml": '[functions.hello]\npermissions = ["--allow-env", "--allow-nett"]\n'},
         ("weir.toml:2", "--allow-nett", "did you mean", '"--allow-net"')),
        ({"functions/hello/deno.json": '{\n  "imports": {,\n}'}, ("deno.json:3",)),
        ({"functions/hello/deno.json": '{"importMap": "./none.json"}'}, ("deno.json: importMap", "none.json")),
    ):
        with project({"weir.toml": "", "functions/hello/index.ts": HELLO, **files}) as root:
            result = weir("config", "check", cwd=root)
            equal((result.status, result.out), (CONFIG, ""), files)
            for part in said:
                contains(result.err, part)
    disabled = "[functions.hello]\nenabled = false\npermissions = 'standart'\n"
    with project({"weir.toml": disabled, "functions/hello/index.ts": HELLO}) as root:
        equal(weir("config", "check", cwd=root).status, OK)


@case
def config_check_knows_every_permission_of_deno():
    if not have_deno():
        raise Skip("there is no Deno")
    deno = os.environ.get("WEIR_DENO", "deno")
    command = [deno, "run", "--help=full"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(NO_COLOR="1")).stdout
    flags = set(re.findall(r"(?<!\S)--(?:allow|deny|ignore)-[a-z]+", text))
    equal({"--allow-net", "--deny-read"} <= flags, True, flags)
    flags |= set(re.findall(r"(-[A-Z]), --allow-", text))
    listed = [flag + suffix for flag in flags for suffix in ("", "=a") if flag not in ("-A", "--allow-all")]
    with project({"functions/hello/index.ts": HELLO}) as root:
        for words in (["-A"], ["--allow-all"], listed):
            (root / "weir.toml").write_text(f"[functions.hello]\npermissions = {json.dumps(words)}\n")
            result = weir("config", "check", cwd=root)
            equal(result.status, OK, result.err)


CODE = {"functions/hello/index.ts": HELLO, "functions/other/index.ts": HELLO}
SECRET = "never-in-a-message-9f2c"


def check_says(toml, said):
    with project({**CODE, "weir.toml": toml}) as root:
        result = weir("config", "check", cwd=root)
        equal((result.status, result.out), (CONFIG, ""), toml)
        for part in said:
            contains(result.err, part)
        equal(SECRET[:8] in result.err, False, result.err)


def serve_refuses(toml):
    with project({**CODE, "weir.toml": toml}) as root:
        result = weir("serve", "--listen", "127.0.0.1:0", "--json", cwd=root)
        equal(result.status in (FAILED, CONFIG, NOT_FOUND), True, f"{toml}: {result.status}")
        contains(result.out + result.err, "weir.toml:")
        equal(SECRET[:8] in result.out + result.err, False, result.err)


@case
def config_check_knows_routes():
    for toml, said in [
        ('[functions.hello]\nroute = "/x"\n[functions.other]\nroute = "/x"\n',
         ["weir.toml:4: “other” would answer at /x as “hello” does; give one of them another route"]),
        ('[functions.hello]\nroute = "/other"\n',
         ["weir.toml:2: “hello” would answer at /other as “other” does"]),
        ('[functions.hello]\nroute = "/api/v1/x"\n', ["weir.toml:2:9: route is \"/api/v1/x\": a route is none of"]),
        ('[functions.gone]\nauth = false\n', ["“gone” is configured but has no code"]),
    ]:
        check_says(toml, said)


@case
def config_check_says_what_a_start_would_say():
    for toml, said in [
        ('[authenticators.jwt]\nissuer = ["x"]\n', ["weir.toml:2: ", "one of secret, key"]),
        (f'[authenticators.a]\ntype = "jwt"\nsecret = "{SECRET[:8]}"\n[authenticators.b]\ntype = "jwt"\n'
         'issuer_url = "http://far.example"\n', ["weir.toml:3: ", "can be guessed", "weir.toml:6: ", "over https"]),
        ('[authenticators.jwt]\nkey_file = "/nowhere/key.pem"\n', ["weir.toml:2: ", "/nowhere/key.pem"]),
        (f'[authenticators.jwt]\nsecret = "{SECRET}"\naudiense = ["x"]\n', ["weir.toml:3: ", "audience"]),
        (f'[authenticators.jwt]\nsecret = "{SECRET}"\njwks_refresh_ms = "10m"\n', ["weir.toml:3: "]),
        (f'[authenticators.firm]\nsecret = "{SECRET}"\n', ["weir.toml:2: ", "“firm”", 'type = "jwt"']),
        (f'[auth]\nauthenticators = ["jwt", "jwt"]\n[authenticators.jwt]\nsecret = "{SECRET}"\n',
         ["weir.toml:2: auth.authenticators has “jwt” twice"]),
        ('[authenticators.mine]\ntype = "key"\n', ["weir.toml:2: ", "call the table [authenticators.key]"]),
        ('[authenticators.mine]\ntype = 5\n', ["weir.toml:2: type must be a string"]),
        ('[auth]\nauthenticators = ["kye"]\n', ["weir.toml:2: ", "“kye”; did you mean “key”?"]),
        ('[auth]\nauthenticators = ["supabase"]\n', ["weir.toml:2: ", "for Supabase projects"]),
        ('rate_limiter = "tokenbucket"\n', ["weir.toml:1: ", "did you mean “token-bucket”?"]),
        ('window_limiter = "windows"\n', ["weir.toml:1: ", "did you mean “window”?"]),
        ('store = "sqlitee"\nsecrets = "files"\n[authenticators.key]\n',
         ["weir.toml:1: ", "“sqlitee”", "weir.toml:2: ", "“files”"]),
        ('[stages.acme]\n', ["weir.toml:1: ", "“acme”"]),
        (f'[functions.hello]\n[functions.hello]\nenv = {{ X = "{SECRET}" }}\n', ["weir.toml:2:"]),
        ('env_files = ["nowhere.env"]\n', ["weir.toml:1:13: ", "nowhere.env"]),
        ('[defaults]\ncors_origins = ["https://a.test", "b.test"]\n',
         ["weir.toml:2:35: cors_origins: \"b.test\" is not an origin", "https://app.example.com"]),
        ('[defaults]\ncors_origins = ["https://a.test/"]\n', ["weir.toml:2:17: ", "is not an origin"]),
        ('rate_limits = 5\n', ["weir.toml:1:15: rate_limits must be a table"]),
    ]:
        check_says(toml, said)
        serve_refuses(toml)


@case
def config_check_gives_the_place_of_keys():
    bad, files = "/nowhere/bad.json", {"bad.json": "{}", "bad.pem": "-----BEGIN NOTHING-----", "bad.jwks": '{"keys": []}'}
    for name in files:
        with project({**CODE, **files}) as root:
            (root / "weir.toml").write_text(f'[authenticators.jwt]\nissuer = ["a"]\nkey_file = "{root}/{name}"\n')
            result = weir("config", "check", cwd=root)
            equal(result.status, CONFIG)
            contains(result.err, f"weir.toml:3: authenticator “jwt”: key_file: {root}/{name}: ")
    check_says('\n[authenticators.jwt]\n', ["weir.toml:2: authenticator “jwt”: one of secret, key"])
    check_says(f'\n[authenticators.jwt]\nissuer = ["a"]\nkey_file = "{bad}"\n', ["weir.toml:4: ", bad])


@case
def config_check_gives_the_place_of_keys_of_supabase():
    tokens = 'anon_key = "a"\nservice_role_key = "b"\n'
    for toml, keys, said in [
        ('[auth]\njwt_secret = "short"\n', None, "supabase/config.toml:2:14: auth.jwt_secret must have"),
        ('[auth]\nsigning_keys_path = "keys.json"\n', None, "supabase/config.toml:2: auth.signing_keys_path: "),
        ('[auth]\nsigning_keys_path = "keys.json"\n', "[{", "supabase/config.toml:2: auth.signing_keys_path: "),
        ('[auth]\nsigning_keys_path = "keys.json"\n', "[]", "supabase/config.toml:2: "),
        (f'[auth]\n{tokens}signing_keys_path = "keys.json"\n', '[{"kty": "EC"}]', "supabase/config.toml:4: "),
    ]:
        code = {"supabase/functions/hello/index.ts": HELLO, "supabase/config.toml": toml}
        if keys is not None:
            code["supabase/keys.json"] = keys
        with project(code) as root:
            result = weir("config", "check", cwd=root)
            equal(result.status, CONFIG, toml)
            contains(result.err, said)
            equal(len(result.err.splitlines()), 1, result.err)
            if "signing" in toml:
                contains(result.err, str(root / "supabase/keys.json"))


@case
def config_check_makes_nothing():
    with project({**CODE, "weir.toml": "[authenticators.key]\n"}) as root:
        data = pathlib.Path(root, "data")
        result = weir("config", "check", cwd=root, env=environment(XDG_DATA_HOME=str(data)))
        equal((result.status, result.err), (OK, ""))
        equal(list(data.rglob("*.db*")), [])


@case
def config_explain_says_where_values_come_from():
    files = {
        "weir.toml": "[defaults]\nidle_timeout_ms = 7000\n[functions.hello]\nmemory_limit_mb = 99\n",
        "functions/hello/index.ts": HELLO,
        "functions/hello/function.json": '{"boot_timeout_ms": 1234}',
        "functions/.env": "SECRET=do-not-show-me\n",
    }
    with project(files) as root:
        result = weir("config", "explain", "hello", cwd=root)
        equal((result.status, result.err), (OK, ""))
        for option, value, source in (
            ("idle_timeout_ms", "7000", "weir.toml:2"),
            ("memory_limit_mb", "99", "weir.toml:4"),
            ("boot_timeout_ms", "1234", "function.json"),
            ("request_timeout_ms", "150000", ""),
        ):
            line = next(l for l in result.out.splitlines() if l.startswith(option))
            contains(line, value)
            contains(line, source)
        contains(result.out, "SECRET")
        equal("do-not-show-me" in result.out, False, "the value of a secret was shown")
        options = json.loads(weir("config", "explain", "hello", "--json", cwd=root).out)["options"]
        value = next(o["value"] for o in options if o["option"] == "memory_limit_mb")
        equal(value, 99)


@case
def config_explain_of_the_server():
    with project({"weir.toml": 'listen = ["127.0.0.1:1234"]\n', "functions/a/index.ts": HELLO}) as root:
        result = weir("config", "explain", cwd=root)
        equal(result.status, OK)
        contains(result.out, "127.0.0.1:1234")
        contains(result.out, "weir.toml:1")


@case
def config_explain_of_an_unknown_function():
    with project({"functions/hello/index.ts": HELLO}) as root:
        result = weir("config", "explain", "helo", cwd=root)
        equal(result.status, NOT_FOUND)
        contains(result.err, "hello")


@case
def plugin_list_shows_states():
    with project() as root:
        result = weir("plugin", "list", "--json", "--dir", root)
        plugins = {plugin["id"]: plugin for plugin in json.loads(result.out)}
        for name in ("adapter-native", "runtime-deno"):
            if name in plugins:
                equal((plugins[name]["state"], plugins[name]["error"]), ("active", None), name)


@case
def plugin_list_says_why_one_failed():
    with project({"broken/broken.plugin": "[Weir Plugin]\nId=broken\n"}) as root:
        path = f"{root}:{os.environ.get('WEIR_PLUGIN_PATH', '')}"
        result = weir("plugin", "list", "--dir", root, env=environment(WEIR_PLUGIN_PATH=path))
        equal(result.status, FAILED)
        line = next(l for l in result.out.splitlines() if l.startswith("broken"))
        contains(line, "failed")
        info = weir("plugin", "info", "broken", "--json", env=environment(WEIR_PLUGIN_PATH=path))
        equal(info.status, FAILED)
        equal(json.loads(info.out)["state"], "failed")


@case
def plugin_info_of_an_unknown_one():
    result = weir("plugin", "info", "no-such-plugin")
    equal(result.status, NOT_FOUND)
    contains(result.err, "no-such-plugin")


@case
def doctor_names_what_is_missing():
    with project({"functions/hello/index.ts": HELLO}) as root:
        env = environment(PATH="/nonexistent", XDG_DATA_HOME=f"{root}/share")
        env.pop("WEIR_DENO", None)
        result = weir("doctor", root, "--json", env=env)
        equal(result.status, FAILED)
        bad = {f["subject"]: f for f in json.loads(result.out) if f["result"] == "bad"}
        contains(bad["Deno"]["remedy"], f"npm install --prefix '{root}/share/weir/deno'")
        result = weir("doctor", root, env=environment(WEIR_DENO="/nonexistent/deno"))
        equal(result.status, FAILED)
        contains(result.out, "try: unset WEIR_DENO")
    with project({"functions/hello/index.ts": HELLO, "weir.toml": '[runtimes.deno]\nexecutable = "/none"\n'}) as root:
        contains(weir("doctor", root, env=environment(WEIR_DENO="/none")).out, "try: correct “executable”")


@case
def doctor_finds_a_taken_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        files = {"weir.toml": f'listen = ["127.0.0.1:{port}"]\n', "functions/a/index.ts": HELLO}
        with project(files) as root:
            result = weir("doctor", root, "--json")
            equal(result.status, FAILED)
            address = next(f for f in json.loads(result.out) if f["subject"] == "address")
            equal(address["result"], "bad")
            contains(address["message"], str(port))


@case
def doctor_looks_at_sockets():
    with project({"functions/a/index.ts": HELLO}) as root:
        path = f"{root}/weir.sock"
        taken = socket.socket(socket.AF_UNIX)
        taken.bind(path)
        taken.listen()
        listen = [f"unix:{path}", f"unix:{root}/free.sock", f"unix:{root}/none/weir.sock"]
        with open(f"{root}/weir.toml", "w", encoding="utf-8") as config:
            config.write(f"listen = {json.dumps(listen)}\n")
        result = weir("doctor", root, "--json")
        taken.close()
        equal(result.status, FAILED)
        found = [f for f in json.loads(result.out) if f["subject"] == "address"]
        equal([f["result"] for f in found], ["good", "good", "bad"])
        contains(found[0]["message"], "a server answers")
        contains(found[2]["message"], "No such file")


@case
def what_could_not_be_printed_is_a_failure():
    with project({"functions/hello/index.ts": HELLO, "weir.toml": 'secrets = "file"\n'}) as root, open(
        "/dev/full", "w"
    ) as full:
        env = environment(XDG_DATA_HOME=str(root / "data"))
        weir("secrets", "set", "NAME", "--dir", root, stdin="value", env=env)
        for args in (
            ("--help",),
            ("--version",),
            *((command, "--help") for command in COMMANDS),
            ("list", root),
            ("list", root, "--json"),
            ("config", "check", "--dir", root),
            ("config", "explain", "hello", "--dir", root),
            ("config", "explain", "hello", "--json", "--dir", root),
            ("secrets", "list", "--dir", root),
            ("secrets", "list", "--json", "--dir", root),
            ("api-keys", "list", "--json", "--dir", root),
            ("store", "check", "--dir", root),
            ("plugin", "list", "--dir", root),
            ("doctor", root),
            ("doctor", root, "--json"),
            ("new", "another", "--dir", root),
        ):
            result = weir(*args, stdout=full, env=env)
            equal(result.status, FAILED, f"{args}: {result.err}")
            contains(result.err, os.strerror(errno.ENOSPC))


@case
def a_reader_who_had_enough_is_no_failure():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        result = weir("--help", stdout=gone, restore_signals=False)
    equal((result.status, result.err), (OK, ""))


@case
def doctor_is_content():
    if not have_deno():
        raise Skip("there is no Deno")
    files = {"weir.toml": 'listen = ["127.0.0.1:0"]\n', "functions/a/index.ts": HELLO}
    with project(files) as root:
        result = weir("doctor", root)
        equal((result.status, result.err), (OK, ""), result.out)
        contains(result.out, "deno")


@case
def messages_are_plain_when_piped_and_coloured_on_a_terminal():
    equal("\033" in weir("srve").err, False, "colour in a pipe")
    xterm = environment(TERM="xterm")
    equal("\033[31m" in on_terminal("srve", env=xterm), True, "no colour on a terminal")
    equal("\033[" in on_terminal("srve", env={**xterm, "NO_COLOR": "1"}), False, "colour in spite of NO_COLOR")


main()
