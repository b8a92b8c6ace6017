"""The reverse proxy passes everything through as it is and answers for a dead emulator."""

import asyncio
import json
import unittest

from local.gateway import MAX_BODY, Gateway, Upstream


class Proxy(unittest.IsolatedAsyncioTestCase):
    """A gateway before a server that records what it got and answers what the test says."""

    async def asyncSetUp(self) -> None:
        self.seen = []
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        self.connections = 0
        self.opened = []
        self.back = await asyncio.start_server(self.upstream, "127.0.0.1", 0)
        self.kept = Upstream("127.0.0.1", self.back.sockets[0].getsockname()[1])
        self.front = await asyncio.start_server(Gateway(self.kept, b"/api/$default").serve, "127.0.0.1", 0, limit=65536)

    async def asyncTearDown(self) -> None:
        self.front.close()
        self.back.close()
        self.kept.close()
        for writer in self.opened:
            writer.close()
        # One turn of the loop lets the transports close.
        await asyncio.sleep(0)

    async def upstream(self, reader, writer) -> None:
        self.connections += 1
        self.opened.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
                self.seen.append((head, await reader.readexactly(length)))
                writer.write(self.answer)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    async def talk(self, sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.front.sockets[0].getsockname()[1])
        writer.write(sent)
        writer.write_eof()
        told = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return told

    async def test_the_prefix_goes_in_front_and_the_rest_stays(self):
        await self.talk(b"GET /a%2Fb/?x=1&x=2 HTTP/1.1\r\nHost: h:3000\r\nX-Two: a\r\nX-Two: b\r\n\r\n")
        head, _ = self.seen[0]
        self.assertEqual(head, b"GET /api/$default/a%2Fb/?x=1&x=2 HTTP/1.1\r\nHost: h:3000\r\nX-Two: a\r\nX-Two: b\r\n\r\n")

    async def test_requests_in_a_row_share_both_connections(self):
        told = await self.talk(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        self.assertEqual((told.count(b"HTTP/1.1 200 OK"), self.connections), (2, 1))

    async def test_a_binary_body_and_equal_headers_come_back_byte_for_byte(self):
        body = bytes(range(256))
        self.answer = b"HTTP/1.1 200 OK\r\nset-cookie: a\r\nset-cookie: b\r\ncontent-encoding: br\r\ncontent-length: 256\r\n\r\n" + body
        self.assertEqual(await self.talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"), self.answer)

    async def test_a_chunked_body_arrives_whole(self):
        await self.talk(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
        self.assertEqual(self.seen[0][1], b"abcde")

    async def test_no_body_is_awaited_after_head_and_304(self):
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"
        self.assertIn(b"content-length: 99", await self.talk(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"))
        self.answer = b"HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\n"
        self.assertEqual(await self.talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"), self.answer)

    async def test_malformed_and_oversized_requests_are_refused_here(self):
        for sent, status in (
            (b"NONSENSE\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
            (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413),
            (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 431),
        ):
            head, _, body = (await self.talk(sent)).partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 %d " % status), (sent[:40], head))
            self.assertIn(b"content-type: application/problem+json", head)
            self.assertEqual(json.loads(body)["status"], status)
        self.assertEqual(self.seen, [])

    async def test_a_dead_emulator_is_a_502_with_a_sentence(self):
        self.back.close()
        told = await self.talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.assertTrue(told.startswith(b"HTTP/1.1 502 "))
        self.assertIn("./dev up", json.loads(told.partition(b"\r\n\r\n")[2])["detail"])

    async def test_a_post_is_never_sent_twice(self):
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        await self.talk(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.answer = b""

        async def hang_up(reader, writer):
            self.seen.append((await reader.readuntil(b"\r\n\r\n"), b""))
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        gateway = Gateway(Upstream("127.0.0.1", server.sockets[0].getsockname()[1]), b"")
        front = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
        self.front, before = front, len(self.seen)
        told = await self.talk(b"POST / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.assertEqual((told[:12], len(self.seen) - before), (b"HTTP/1.1 502", 1))
        server.close()


if __name__ == "__main__":
    unittest.main()
