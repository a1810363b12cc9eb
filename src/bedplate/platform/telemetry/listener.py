import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

type Page = Callable[[], Awaitable[tuple[bytes, str]]]

_PATIENCE = 10.0
_BROKEN = (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError)


@asynccontextmanager
async def listen(host: str, port: int, pages: Mapping[str, Page]) -> AsyncGenerator[int]:
    """Serve pages over plain HTTP/1.1 on a port of their own; yields the port, which the system chooses for 0.

    Every process of a server listens on the same port, and the kernel picks one: each can tell for all.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _rendered(head, pages))
                await writer.drain()
        except _BROKEN:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host, port, reuse_port=True)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _rendered(head: bytes, pages: Mapping[str, Page]) -> bytes:
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    page = pages.get(target.partition("?")[0])
    if page is None:
        return _response("404 Not Found", b"", "text/plain")
    if method not in {"GET", "HEAD"}:
        return _response("405 Method Not Allowed", b"", "text/plain")
    body, kind = await page()
    return _response("200 OK", body, kind, silent=method == "HEAD")


def _response(status: str, body: bytes, kind: str, *, silent: bool = False) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + (b"" if silent else body)
