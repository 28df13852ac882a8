"""Pages of metrics over real HTTP, changed while somebody reads them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Pages:
    """Text by path; a path without text is not found."""

    url: str = ""
    text_by_path: dict[str, str] = field(default_factory=dict)
    reads: int = 0

    def show(self, path: str, text: str) -> str:
        """The page's address."""
        self.text_by_path[path] = text
        return self.url + path


@contextmanager
def serve_pages() -> Iterator[Pages]:
    """Pages at a free port of this machine, inside the block."""
    pages = Pages()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = pages.text_by_path.get(self.path)
            self.send_response(404 if text is None else 200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write((text or "").encode())
            pages.reads += 1

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pages.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield pages
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
