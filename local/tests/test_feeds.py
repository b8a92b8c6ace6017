"""The demo feeds answer as the agencies do, and fail in every way that a test can ask for."""

import http.client
import json
import tempfile
import threading
import unittest
from pathlib import Path
from urllib.parse import quote

from local import feed_wire
from local.feeds import serve

CPSC = [
    {"RecallID": 1, "RecallDate": "2024-01-01T00:00:00", "Title": "one"},
    {"RecallID": 2, "RecallDate": "2024-12-31T00:00:00", "Title": "two"},
    {"RecallID": 3, "RecallDate": "soon", "LastPublishDate": "2025-02-03T00:00:00", "Title": "three"},
]
FDA = [{"event_id": str(place), "report_date": f"2024{place:02d}01"} for place in range(1, 13)]
ODS = [
    {"numero_fiche": "a", "date_publication": "2024-03-01T10:00:00+00:00"},
    {"numero_fiche": "b", "date_publication": None},
    {"numero_fiche": "c", "date_publication": "2025-01-01"},
]
WINDOW = "/www.saferproducts.gov/RestWebServices/Recall?format=json&RecallDateStart=2024-01-01&RecallDateEnd=2024-12-31"


class FeedsOverHttp(unittest.TestCase):
    """Each test talks to a server of its own."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        root = Path(directory.name)
        for name, records in (("us-cpsc", CPSC), ("us-fda-food", FDA), ("fr-rappelconso-gtin-espaces", ODS)):
            (root / f"{name}.json").write_text(json.dumps(records))
        (root / "changed").mkdir()
        (root / "changed" / "us-cpsc.json").write_text(json.dumps([{**CPSC[0], "Title": "one, changed"}]))
        self.server = serve(0, root)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def ask(self, path, method="GET", body=None, headers=None):
        client = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=5)
        self.addCleanup(client.close)
        client.request(method, path, body, headers or {})
        answer = client.getresponse()
        return answer, answer.read()

    def fault(self, mode, times=1):
        told = {"host": "www.saferproducts.gov", "mode": mode, "times": times}
        self.assertEqual(self.ask("/_control", "PUT", json.dumps(told))[0].status, 200)

    def test_a_cpsc_window_includes_both_its_days(self):
        self.assertEqual([record["RecallID"] for record in json.loads(self.ask(WINDOW)[1])], [1, 2])

    def test_a_record_with_a_broken_date_is_delivered_by_its_last_edit(self):
        path = WINDOW.replace("2024", "2025")
        self.assertEqual([record["RecallID"] for record in json.loads(self.ask(path)[1])], [3])

    def test_what_the_client_has_is_not_sent_again(self):
        first, _ = self.ask(WINDOW)
        again, body = self.ask(WINDOW, headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual((again.status, body), (304, b""))
        self.assertTrue(first.headers["Last-Modified"].endswith("GMT"))

    def test_openfda_pages_and_answers_404_for_no_match(self):
        base = "/api.fda.gov/food/enforcement.json?sort=report_date:desc&search=report_date:"
        answer, body = self.ask(base + "[20240201+TO+20240430]&limit=2&skip=1")
        page = json.loads(body)
        self.assertEqual((answer.status, page["meta"]["results"]), (200, {"skip": 1, "limit": 2, "total": 3}))
        self.assertEqual([record["event_id"] for record in page["results"]], ["3", "2"])
        answer, body = self.ask(base + "[19990101+TO+19991231]")
        self.assertEqual((answer.status, json.loads(body)["error"]["code"]), (404, "NOT_FOUND"))
        for refused in ("&limit=1001", "&skip=25001", "&limit=x"):
            answer, body = self.ask(base + "[20240101+TO+20241231]" + refused)
            self.assertEqual((answer.status, json.loads(body)["error"]["code"]), (400, "BAD_REQUEST"))

    def test_opendatasoft_filters_by_date_and_refuses_to_go_deep(self):
        base = "/data.economie.gouv.fr/api/explore/v2.1/catalog/datasets/rappelconso-v2-gtin-espaces/records"
        where = quote("date_publication >= date'2024-01-01' and date_publication < date'2025-01-01'")
        answer, body = self.ask(f"{base}?where={where}&limit=100")
        self.assertEqual((answer.status, json.loads(body)["total_count"]), (200, 1))
        for refused in ("limit=101", "limit=100&offset=9901", "where=" + quote("1 = 1"), "limit=-1"):
            self.assertEqual(self.ask(f"{base}?{refused}")[0].status, 400, refused)

    def test_a_fault_lasts_as_often_as_it_was_asked_for(self):
        self.fault("status_500", times=2)
        self.assertEqual([self.ask(WINDOW)[0].status for _ in range(3)], [500, 500, 200])

    def test_each_fault_is_what_its_name_says(self):
        self.fault("empty")
        self.assertEqual(json.loads(self.ask(WINDOW)[1]), [])
        self.fault("empty_body")
        self.assertEqual(self.ask(WINDOW)[1], b"")
        self.fault("html_200")
        answer, body = self.ask(WINDOW)
        self.assertEqual((answer.status, body[:9]), (200, b"<!DOCTYPE"))
        self.fault("invalid_utf8")
        with self.assertRaises(UnicodeDecodeError):
            self.ask(WINDOW)[1].decode()
        self.fault("shrunk")
        self.assertEqual(len(json.loads(self.ask(WINDOW.replace("2024-12", "2030-12"))[1])), 3)
        self.fault("truncated")
        with self.assertRaises(http.client.IncompleteRead):
            self.ask(WINDOW)
        self.fault("changed")
        self.assertIn("one, changed", [record["Title"] for record in json.loads(self.ask(WINDOW)[1])])

    def test_the_control_refuses_what_it_does_not_know(self):
        for told in ("{", "[]", '{"host": "x", "mode": "on fire"}', '{"host": 1, "mode": "ok"}', '{"host": "x", "mode": "ok", "times": 0}'):
            self.assertEqual(self.ask("/_control", "PUT", told)[0].status, 400, told)

    def test_requests_are_counted_by_host_until_healed(self):
        self.ask(WINDOW)
        self.assertEqual(json.loads(self.ask("/_control")[1])["requests"], {"www.saferproducts.gov": 1})
        self.assertEqual(json.loads(self.ask("/_control", "DELETE")[1]), {"faults": {}, "requests": {}})


class Values(unittest.TestCase):
    """Dates and numbers as they stand in feeds."""

    def test_days_are_read_with_and_without_hyphens(self):
        self.assertEqual(feed_wire.day("20240229"), feed_wire.day("2024-02-29T00:00:00"))
        for wrong in ("soon", "20241301", "2024-02-30"):
            with self.assertRaises(ValueError):
                feed_wire.day(wrong)

    def test_an_instant_without_a_zone_is_utc(self):
        self.assertEqual(feed_wire.instant("2024-01-01"), feed_wire.instant("2024-01-01T01:00:00+01:00"))


if __name__ == "__main__":
    unittest.main()
