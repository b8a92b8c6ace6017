"""The local inbox shows what was sent, to this machine alone, and lets no message do anything."""

import asyncio
import json
import unittest

from local import inbox
from local.gateway import Gateway, Upstream


def kept(*messages) -> bytes:
    return json.dumps({"messages": {"000000000000": list(messages)}}).encode()


def message(number: int, **changes) -> dict:
    return {
        "MessageId": f"id-{number}@email", "Source": "BabyShield <no-reply@babyshield.example>", "To": [f"ana{number}@example.org"],
        "CC": [], "BCC": [], "Subject": f"Message {number}", "BodyText": f"Press\nhttp://localhost:3000/api/v1/auth/verify-email?token=t{number}\n",
        "BodyHtml": "<p>Press</p>", "Timestamp": 1_795_000_000.5 + number, "Type": "v2.SendEmail", **changes,
    }


def look(target: str, *messages, host: str = "localhost:3000", method: bytes = b"GET") -> inbox.Reply:
    return inbox.answer(method, target.encode(), host.encode(), kept(*messages))


class Inbox(unittest.TestCase):
    def test_messages_are_listed_with_the_newest_first(self):
        page = look("/_local/inbox", message(1), message(3), message(2)).body.decode()
        self.assertLess(page.index("Message 3"), page.index("Message 2"))
        self.assertLess(page.index("Message 2"), page.index("Message 1"))
        self.assertIn("href=\"/_local/inbox/id-1%40email\"", page)

    def test_messages_of_one_instant_keep_their_order(self):
        told = json.loads(look("/_local/inbox.json", message(1, Timestamp=7), message(2, Timestamp=7)).body)
        self.assertEqual([one["subject"] for one in told["messages"]], ["Message 2", "Message 1"])

    def test_programs_read_json_of_one_address(self):
        told = json.loads(look("/_local/inbox.json?to=ANA2%40example.org", message(1), message(2)).body)
        self.assertEqual([one["to"] for one in told["messages"]], [["ana2@example.org"]])
        self.assertEqual(told["messages"][0]["links"], ["http://localhost:3000/api/v1/auth/verify-email?token=t2"])

    def test_a_message_is_shown_as_text_and_in_a_frame_that_may_do_nothing(self):
        reply = look("/_local/inbox/id-1%40email", message(1))
        page = reply.body.decode()
        self.assertEqual(reply.status, 200)
        self.assertIn("<a href=\"http://localhost:3000/api/v1/auth/verify-email?token=t1\"", page)
        self.assertIn("sandbox=\"allow-popups allow-popups-to-escape-sandbox\"", page)

    def test_nothing_in_a_message_becomes_part_of_the_page(self):
        hostile = "\"><script>alert(1)</script>"
        odd = message(1, MessageId=hostile, Subject=hostile, To=[hostile], Source=hostile, BodyText=hostile + " http://x/\"><script>", BodyHtml=hostile)
        self.assertNotIn("<script", look("/_local/inbox", odd).body.decode())
        page = look("/_local/inbox/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", odd)
        self.assertEqual(page.status, 200)
        self.assertNotIn("<script", page.body.decode())

    def test_another_host_than_this_machine_is_refused(self):
        for host in ("evil.example", "evil.example:3000", "localhost.evil.example", "", "127.0.0.1.nip.io:3000"):
            self.assertEqual(look("/_local/inbox.json", message(1), host=host).status, 403, host)
        for host in ("localhost", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000"):
            self.assertEqual(look("/_local/inbox.json", message(1), host=host).status, 200, host)

    def test_what_is_not_there_and_what_cannot_be_done_is_said(self):
        self.assertEqual(look("/_local/inbox/unknown", message(1)).status, 404)
        self.assertEqual(look("/_local/other").status, 404)
        self.assertEqual(look("/_local/inbox", method=b"POST").status, 405)
        self.assertIn("No message", look("/_local/inbox").body.decode())
        for broken in (b"", b"{", b"[]", b"{\"messages\": 1}", b"{\"messages\": {\"0\": [{}]}}"):
            status = inbox.answer(b"GET", b"/_local/inbox", b"localhost", broken).status
            self.assertEqual(status, 502, broken)


class BehindTheGateway(unittest.IsolatedAsyncioTestCase):
    async def test_the_gateway_answers_the_inbox_itself_and_passes_the_rest_on(self):
        seen = []

        async def emulator(reader, writer) -> None:
            seen.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
            body = kept(message(1))
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            writer.close()

        back = await asyncio.start_server(emulator, "127.0.0.1", 0)
        upstream = Upstream("127.0.0.1", back.sockets[0].getsockname()[1])
        front = await asyncio.start_server(Gateway(upstream, b"/api").serve, "127.0.0.1", 0, limit=65536)

        async def ask(path: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", front.sockets[0].getsockname()[1])
            writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            told = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return told

        head, _, body = (await ask(b"/_local/inbox.json")).partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "))
        self.assertIn(b"cache-control: no-store", head)
        self.assertEqual(json.loads(body)["messages"][0]["subject"], "Message 1")
        await ask(b"/health")
        self.assertEqual(seen, [b"GET " + inbox.KEPT + b" HTTP/1.1", b"GET /api/health HTTP/1.1"])
        front.close()
        back.close()
        upstream.close()


if __name__ == "__main__":
    unittest.main()
