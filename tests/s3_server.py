"""An S3 server in a thread of the test, on a port of this machine, which fails when it is told to."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pytest


class Faults:
    """Between client and moto: answers 500, hangs, dribbles, or lets a request pass. One list for the whole server."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.asked: list[tuple[str, str]] = []
        self.errors = 0
        """So many requests are answered with 500."""
        self.only = ""
        """Only requests of this method fail; all, when empty."""
        self.hang = threading.Event()
        """While set, no request is answered."""
        self.over = threading.Event()
        self.hung = threading.Event()
        """Set as soon as a request hangs, after its body has been read by half."""
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        """What happens before a request is looked at."""
        self.cut: Callable[[str, str], int | None] = lambda _method, _path: None
        """How long a HEAD says that an object is."""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.asked.append((method, path))
        self.before(method, path)
        mine = not self.only or method == self.only
        if mine and self.hang.is_set():
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
            self.hung.set()
            self.over.wait(60)
            start("503 Gone", [])
            return []
        if mine and self.errors:
            self.errors -= 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start("500 Internal Server Error", [("Content-Type", "application/xml")])
            return [] if method == "HEAD" else [b"<Error><Code>InternalError</Code><Message>Sorry</Message></Error>"]

        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            length = self.cut(method, path)
            if length is not None and status.startswith("200"):
                headers = [(key, value) for key, value in headers if key.lower() != "content-length"]
                headers.append(("Content-Length", str(length)))
            return start(status, headers, *more)

        return self.app(environ, begin)


@contextlib.contextmanager
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """The server with an empty bucket ``bank``; the environment tells clients where it is."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    from tiku import storage

    class Silent(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: Any, **__: Any) -> None:
            """Say nothing."""

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.reset()
    backend.create_bucket("bank", "us-east-1")
    faults = Faults(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, faults, threaded=True, request_handler=Silent)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-sees",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    forget()
    monkeypatch.setattr(storage, "WAITS", (0.01, 0.02, 0.03))
    try:
        yield faults
    finally:
        faults.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
        forget()


def forget() -> None:
    """Let the next request open a new connection: the last server is gone."""
    import s3fs

    from tiku import storage

    storage._opened.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()
