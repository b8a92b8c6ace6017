"""What `./dev bench` computes by itself: percentiles, starts, and the enlarged feed."""

import json
import os
import stat
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from local import bench_starts, bench_sync
from local.console import Problem
from local.tooling import ROOT


class Percentiles(unittest.TestCase):
    def test_a_percentile_is_a_value_that_was_measured(self):
        values = [float(value) for value in range(1, 101)]
        self.assertEqual([bench_starts.percentile(values, part) for part in (0.5, 0.9, 0.99, 1.0)], [50, 90, 99, 100])
        self.assertEqual(bench_starts.percentile([3.0], 0.99), 3.0)
        self.assertEqual(bench_starts.percentile([2.0, 1.0], 0.5), 1.0)


class Starts(unittest.TestCase):
    """With programs of a few lines instead of functions."""

    def program(self, directory, body):
        path = Path(directory) / "program"
        path.write_text(f"#!{sys.executable}\n" + textwrap.dedent(body))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    ASKS = """
        import os, socket
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        with socket.create_connection((host, int(port))) as api:
            api.sendall(b"GET /2018-06-01/runtime/invocation/{what} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            api.recv(1)
    """

    def test_the_time_until_the_first_question_is_taken(self):
        with tempfile.TemporaryDirectory() as directory:
            program = self.program(directory, self.ASKS.replace("{what}", "next"))
            found = bench_starts.starts({"one": program}, 3)["one"]
        self.assertTrue(1 < found["p50"] <= found["p90"] < 20_000, found)

    def test_another_question_is_a_sentence(self):
        with tempfile.TemporaryDirectory() as directory:
            program = self.program(directory, self.ASKS.replace("{what}", "error"))
            with self.assertRaisesRegex(Problem, "instead of asking"):
                bench_starts.starts({"one": program}, 1)

    def test_no_process_is_left_behind(self):
        with tempfile.TemporaryDirectory() as directory:
            program = self.program(directory, self.ASKS.replace("{what}", "next"))
            bench_starts.starts({"one": program}, 1)
        with self.assertRaises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


class Feed(unittest.TestCase):
    def test_numbers_and_gtins_are_new_and_right(self):
        with tempfile.TemporaryDirectory() as directory:
            target = Path(directory) / "feed.json"
            count = bench_sync.enlarge(ROOT / "local" / "demo" / "us-cpsc.json", target, 1500)
            records = json.loads(target.read_text(encoding="utf-8"))
        self.assertEqual(len(records), count)
        self.assertGreaterEqual(count, 1500)
        numbers = [record["RecallNumber"] for record in records if record.get("RecallNumber")]
        self.assertEqual(len(numbers), len(set(numbers)))
        upcs = [upc["UPC"] for record in records for upc in record["ProductUPCs"] if len(upc["UPC"]) == 12]
        right = [upc for upc in upcs if bench_sync.check_digit(upc[:11]) == upc[11]]
        self.assertGreater(len(set(right)), 0.9 * len(right))

    def test_a_code_that_is_no_gtin_stays(self):
        self.assertEqual(bench_sync.check_digit("03600029145"), "2")
        self.assertEqual(bench_sync.another("036000291453", 1), "036000291453")
        changed = bench_sync.another("036000291452", 1)
        self.assertNotEqual(changed, "036000291452")
        self.assertEqual(bench_sync.check_digit(changed[:11]), changed[11])


if __name__ == "__main__":
    unittest.main()
