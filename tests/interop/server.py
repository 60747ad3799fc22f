"""An echo server on the `websockets` library that also does what a client tells it to.

    server.py PORT [CERTIFICATE KEY]

The first line on standard output is the port (PORT 0 chooses one); each later line reports how a connection ended:
`closed PATH CODE REASON`. The server ends when its standard input does, so that it never outlives who started it.

A text message that begins with `!` is a command; everything else is echoed:

    !fragments [binary]   a message in three fragments, with the ping `between` after the first
    !ping PAYLOAD         a ping; once its pong came, the message `pong PAYLOAD`
    !headers              the request line and the headers, a line each
    !burst N              the messages 0 to N - 1
    !close [CODE REASON]  the closing handshake

The path `/refuse` is answered with 403.
"""

import asyncio
import http
import os
import ssl
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

LARGEST_MESSAGE = 16 * 1024 * 1024
PROTOCOLS = ["chat.v1", "chat.v2"]
# Between two of them the euro sign is cut in the middle.
FRAGMENTS = ["one ".encode() + "€".encode()[:1], "€".encode()[1:] + " two".encode(), " three".encode()]


async def fragments(connection, kind=""):
    async def with_a_ping():
        first, *rest = FRAGMENTS
        yield first
        await connection.ping("between")
        for fragment in rest:
            yield fragment

    await connection.send(with_a_ping(), text=kind != "binary")


async def ping(connection, payload):
    pong = await connection.ping(payload)
    await pong
    await connection.send(f"pong {payload}")


async def headers(connection):
    request = connection.request
    lines = [f"GET {request.path}", *(f"{name.lower()}: {value}" for name, value in request.headers.raw_items())]
    await connection.send("\n".join(lines))


async def burst(connection, count):
    for number in range(int(count)):
        await connection.send(str(number))


async def close(connection, code=None, reason=""):
    # This library always sends a code.
    await (connection.close() if code is None else connection.close(int(code), reason))


COMMANDS = {"!fragments": fragments, "!ping": ping, "!headers": headers, "!burst": burst, "!close": close}


async def converse(connection):
    try:
        async for message in connection:
            if isinstance(message, str) and message.startswith("!"):
                name, *arguments = message.split(" ", 2)
                await COMMANDS[name](connection, *arguments)
            else:
                await connection.send(message)
    except ConnectionClosed:
        pass
    await connection.wait_closed()
    print("closed", connection.request.path, connection.close_code, connection.close_reason, flush=True)


def choose_protocol(_connection, offered):
    return next((protocol for protocol in offered if protocol in PROTOCOLS), None)


def refuse(connection, request):
    if request.path == "/refuse":
        return connection.respond(http.HTTPStatus.FORBIDDEN, "no entry\n")
    return None


async def main(port, certificate=None, key=None):
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
    options = {
        "ssl": tls,
        "max_size": LARGEST_MESSAGE,
        "ping_interval": None,
        "select_subprotocol": choose_protocol,
        "process_request": refuse,
    }
    async with serve(converse, "127.0.0.1", int(port), **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        # Nobody is left to talk to: no farewell, no wait.
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
