"""Where a file of people is put, and how an import goes on to its end."""

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from local import people
from local.console import Problem


def report(**changes):
    """A report of the function `accounts`."""
    usual = {"lines": 2, "imported": 1, "skipped": 0, "refused": 0, "refusals": [], "finished": True, "report": "r"}
    return {**usual, **changes}


class Import(unittest.TestCase):
    """An import over an emulator that answers what the test says."""

    def run_import(self, answers):
        """Imports a file; returns whether all was well, the orders, and what was printed."""
        orders, said = [], []

        def invoke(known, function, event):
            orders.append((function, json.loads(event)))
            answer = answers.pop(0)
            return isinstance(answer, str), answer if isinstance(answer, str) else json.dumps(answer)

        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "old people.csv"
            path.write_text("email\n")
            with mock.patch.multiple(people, Aws=mock.MagicMock(), invoke=invoke, say=said.append):
                known = {"emulator": "http://127.0.0.1:9", "buckets": {"data": "bucket"}}
                good = people.import_users(known, path)
        return good, orders, said

    def test_an_import_goes_on_until_it_is_finished(self):
        good, orders, said = self.run_import([report(finished=False), report(lines=5)])
        self.assertTrue(good)
        event = {"kind": "import_users", "key": "imports/users/old-people.csv"}
        self.assertEqual(orders, [("accounts", event)] * 2)
        self.assertIn("line 5: 1 imported", said[1])

    def test_rows_that_are_wrong_are_shown(self):
        bad = report(refused=21, refusals=[{"line": at, "reason": "email is missing"} for at in range(2, 23)])
        good, _, said = self.run_import([bad])
        self.assertFalse(good)
        self.assertIn("    line 2: email is missing", said)
        self.assertIn("    and 1 more", said)

    def test_what_stands_still_or_fails_is_one_sentence(self):
        with self.assertRaisesRegex(Problem, "stands still"):
            self.run_import([report(finished=False), report(finished=False)])
        with self.assertRaisesRegex(Problem, "the file is empty"):
            self.run_import([json.dumps({"errorType": "x", "errorMessage": "the file is empty"})])
        with self.assertRaisesRegex(Problem, "not JSON"):
            self.run_import(["not JSON"])

    def test_only_what_can_be_read_is_sent(self):
        with self.assertRaisesRegex(Problem, "is none of .csv"):
            people.key_of(Path("people.xlsx"))
        with self.assertRaisesRegex(Problem, "is no file"):
            people.import_users({}, Path("nowhere.csv"))


if __name__ == "__main__":
    unittest.main()
