"""A registry between dockerd and the real one that refuses, cuts or dawdles."""
import http.client
import http.server
import threading
import time

CHUNK = 64 << 10


class Answer:
    """An answer of our own instead of the registry's."""

    def __init__(self, status, body=b"", **headers):
        self.status, self.body, self.headers = status, body, headers


class Cut:
    """Once: the first body that is longer ends after so many bytes, and its connection with it. Before, `happens` is called."""

    def __init__(self, after, happens):
        self.after, self.happens = after, happens
        self.lock, self.done = threading.Lock(), False  # layers are fetched side by side

    def claim(self):
        with self.lock:
            if not self.done:
                self.happens()
            first, self.done = not self.done, True
            return first


class Slow:
    """So many bytes a second."""

    def __init__(self, rate):
        self.rate = rate


class FaultyRegistry:
    """`fault(method, path)` says what is wrong with a request: an Answer, a Cut, a Slow, or None."""

    ADDRESS = "127.0.0.1:5001"

    def __init__(self, registry):
        self.target = registry.ADDRESS
        self.fault = lambda method, path: None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # With a status line also for what is no request: containerd begins with TLS, and takes plain HTTP only from
            # who answers to that in HTTP.
            default_request_version = "HTTP/1.1"

            def do_GET(self):
                fault = outer.fault(self.command, self.path)
                if isinstance(fault, Answer):
                    self.refuse(fault)
                else:
                    self.relay(fault)

            do_HEAD = do_GET

            def refuse(self, answer):
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            def relay(self, fault):
                upstream = http.client.HTTPConnection(outer.target, timeout=60)
                upstream.putrequest(self.command, self.path, skip_accept_encoding=True)
                for name, value in self.headers.items():  # Accept comes many times, in any order
                    if name.lower() != "host":
                        upstream.putheader(name, value)
                upstream.endheaders()
                response = upstream.getresponse()
                self.send_response(response.status)
                for name, value in response.getheaders():
                    self.send_header(name, value)
                self.end_headers()
                self.copy(response, fault)
                upstream.close()

            def copy(self, response, fault):
                sent = 0
                while data := response.read(CHUNK):
                    if isinstance(fault, Cut) and sent + len(data) > fault.after and fault.claim():
                        self.wfile.write(data[:fault.after - sent])
                        self.close_connection = True
                        return
                    self.wfile.write(data)
                    sent += len(data)
                    if isinstance(fault, Slow):
                        time.sleep(len(data) / fault.rate)

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                """dockerd hung up: that is what a cancelled pull looks like."""

        host, port = self.ADDRESS.split(":")
        self.server = Server((host, int(port)), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
