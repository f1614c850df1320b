"""A mail server on a real socket, that takes, refuses, defers or hangs up as a test wants."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """`answers` says what the next RCPT or DATA gets; an empty answer to DATA hangs up once it has the letter."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    on_rcpt: list[bytes] = field(default_factory=list)
    on_data: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1

        async def say(line: bytes) -> None:
            writer.write(line + b"\r\n")
            await writer.drain()

        await say(b"220 test")
        to = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                await say(b"250 test")
            elif verb == b"RCPT":
                to = line.decode().split("<")[1].split(">")[0]
                await say(self.on_rcpt.pop(0) if self.on_rcpt else b"250 ok")
            elif verb == b"DATA":
                await say(b"354 go on")
                content = await reader.readuntil(b"\r\n.\r\n")
                answer = self.on_data.pop(0) if self.on_data else b"250 taken"
                if answer.startswith(b"250") or not answer:
                    self.taken.append(message_from_bytes(content[:-3], policy=policy.default))
                    self.receivers.append(to)
                if not answer:
                    break
                await say(answer)
            elif verb == b"QUIT":
                await say(b"221 bye")
                break
            else:
                await say(b"250 ok")
        writer.close()


@contextmanager
def mail_server() -> Iterator[MailServer]:
    found = MailServer()
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(found.talk, "127.0.0.1", 0)
        found.port = server.sockets[0].getsockname()[1]
        started.set()

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(serve(), loop)
    assert started.wait(5)
    yield found
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
