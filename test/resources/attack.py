"""What a hostile client does to the port: for the tests that it is borne, and for the bench of what it costs the others."""
import contextlib
import socket
import ssl

MIB = 1 << 20


class Attacker:
    """`source`: the address that it comes from, where that matters."""

    def __init__(self, address, port, source=None):
        self.address, self.port, self.source = address, port, source

    def connect(self):
        return socket.create_connection((self.address, self.port), timeout=30, source_address=self.source and (self.source, 0))

    def hang_on(self, count=200):
        """Half a request each."""
        clients = [self.connect() for _ in range(count)]
        for client in clients:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: lo")
        return clients

    def scrape(self, count):
        """A whole request each, as soon as it is connected: who says nothing gives way to the next."""
        clients = []
        for _ in range(count):
            clients.append(self.connect())
            clients[-1].sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return clients

    def read_nothing(self, count=100):
        """A request each, and no room for the answer."""
        clients = [self.connect() for _ in range(count)]
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return clients

    def flood(self, begin, chunk, times):
        """Sends until it is cut off."""
        with contextlib.suppress(OSError), self.connect() as client:
            client.sendall(begin)
            for _ in range(times):
                client.sendall(chunk)

    def long_line(self):
        """A header line of 200 MiB."""
        self.flood(b"GET / HTTP/1.1\r\nX: ", b"a" * MIB, 200)

    def many_headers(self, count=1_000_000):
        self.flood(b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 1000, count // 1000)

    def garbage(self):
        self.flood(b"", b"\0\xff" * MIB, 4)

    def say_hello(self, hello, count=64):
        """Begins so many TLS handshakes by what `hello_of` has made, waits until each was answered, and leaves: it is
        the other side that has to sign."""
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            clients = [stack.enter_context(self.connect()) for _ in range(count)]
            for client in clients:
                client.sendall(hello)
            for client in clients:
                with contextlib.suppress(OSError):  # cut off, for others
                    client.recv(1)


def hello_of(context):
    """The bytes that a TLS client begins with."""
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
