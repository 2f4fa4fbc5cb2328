#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits on how often functions are called, with the plugins that count."""

import time

import weirtest

HELLO = 'Deno.serve(() => new Response("hello"));\n'
TOML = """
rate_limit_failure = "closed"

[rate_limits.tiny]
per_minute = 1
burst = 2

[rate_limits]
windows = "3/hour"

[functions.planned]
rate_limit = "tiny"

[functions.explicit]
rate_limit = "1/min burst 3"

[functions.windowed]
rate_limit = "2/min, 1000/day"

[functions.named]
rate_limit = "windows"

[functions.one]
rate_limit = "2/hour"
rate_limit_shared = true

[functions.two]
rate_limit = "2/hour"
rate_limit_shared = true
"""
NAMES = ["planned", "explicit", "windowed", "named", "free", "one", "two", "flood", "edited"]


def files():
    result = {f"functions/{name}/index.ts": HELLO for name in NAMES}
    result["weir.toml"] = TOML
    return result


class RateLimit(weirtest.ServerTest):
    files = files()

    def spend(self, target, count):
        for _ in range(count):
            self.assertEqual(self.server.get(target).status, 200)
        return self.server.get(target)

    def check_limited(self, answer, limit, longest):
        self.assertEqual(answer.status, 429, answer.text)
        self.assertEqual(answer.header("x-ratelimit-limit"), str(limit))
        self.assertEqual(answer.header("x-ratelimit-remaining"), "0")
        retry = int(answer.header("retry-after"))
        self.assertTrue(1 <= retry <= longest, retry)
        reset = int(answer.header("x-ratelimit-reset"))
        self.assertTrue(time.time() - 1 + retry <= reset <= time.time() + 86402, reset)
        self.assertIsNotNone(answer.header("x-request-id"))

    def test_plan_with_a_burst(self):
        answer = self.spend("/planned", 2)
        self.check_limited(answer, 2, 60)
        error = answer.json["error"]
        self.assertEqual(error["code"], "rate-limited")
        self.assertEqual(error["message"], "Rate limit exceeded: 1 request per minute")

    def test_explicit_numbers_and_the_words_of_supabase(self):
        answer = self.spend("/functions/v1/explicit", 3)
        self.check_limited(answer, 3, 60)
        self.assertEqual(
            answer.json, {"code": "RATE_LIMIT_EXCEEDED", "message": "Rate limit exceeded"}
        )

    def test_windows(self):
        answer = self.spend("/windowed", 2)
        self.check_limited(answer, 2, 60)
        self.assertIn("2 requests per minute", answer.json["error"]["message"])

    def test_plan_of_windows(self):
        answer = self.spend("/named", 3)
        self.check_limited(answer, 3, 3600)
        self.assertIn("3 requests per hour", answer.json["error"]["message"])

    def test_one_limit_for_two_functions(self):
        self.assertEqual(self.server.get("/one").status, 200)
        self.assertEqual(self.server.get("/two").status, 200)
        self.assertEqual(self.server.get("/one").status, 429)
        self.assertEqual(self.server.get("/two").status, 429)

    def test_without_a_limit(self):
        with self.server.client() as client:
            for _ in range(300):
                self.assertEqual(client.request("GET", "/free").response().status, 200)

    def test_preflights_are_not_counted(self):
        ask = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
        for _ in range(5):
            self.assertNotEqual(self.server.request("OPTIONS", "/flood", ask).status, 429)

    def test_an_edited_limit_counts_at_once(self):
        for _ in range(5):
            self.assertEqual(self.server.get("/edited").status, 200)
        self.project.write("weir.toml", TOML + '[functions.edited]\nrate_limit = "1/day"\n')
        weirtest.wait_until(lambda: self.server.get("/edited").status == 429, "the new limit")
        self.check_limited(self.server.get("/edited"), 1, 86400)


class Annotations(weirtest.ServerTest):
    files = {
        "functions/said/index.ts": "// @fluxbase:rate-limit 2/hour\n" + HELLO,
        "functions/edited/index.ts": HELLO,
        "functions/flat.ts": "/* @fluxbase:rate-limit 1/day */\n" + HELLO,
    }

    def test_of_a_folder(self):
        self.assertEqual([self.server.get("/said").status for _ in range(3)], [200, 200, 429])

    def test_of_a_flat_file(self):
        self.assertEqual([self.server.get("/flat").status for _ in range(2)], [200, 429])

    def test_an_edit_counts(self):
        self.assertEqual(self.server.get("/edited").status, 200)
        self.project.write("functions/edited/index.ts", "// @fluxbase:rate-limit 1/day\n" + HELLO)
        weirtest.wait_until(lambda: self.server.get("/edited").status == 429, "the new limit")


class NoPlugins(weirtest.ServerTest):
    files = {
        "functions/hello/index.ts": HELLO,
        "weir.toml": 'rate_limit_failure = "closed"\n[plugins]\n'
        'disable = ["limiter-token-bucket", "limiter-window"]\n'
        '[defaults]\nrate_limit = "pro"\n',
    }

    def test_closed(self):
        answer = self.server.get("/hello")
        self.assertEqual(answer.status, 503)
        self.assertIn("cannot be checked", answer.json["error"]["message"])
        self.server.wait_event(lambda e: "there is no plugin" in e.get("message", ""))


class FailsOpen(weirtest.ServerTest):
    files = {
        "functions/hello/index.ts": HELLO,
        "weir.toml": '[plugins]\ndisable = ["limiter-token-bucket"]\n'
        '[defaults]\nrate_limit = "1/min burst 1"\n',
    }

    def test_open(self):
        for _ in range(3):
            self.assertEqual(self.server.get("/hello").status, 200)


if __name__ == "__main__":
    weirtest.main()
