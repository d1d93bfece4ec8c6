"""A Docker socket in front of the real one that sees each request: to count calls and to act between two of them."""
import re
import socket
import threading

READS = re.compile(r"^(GET|HEAD|OPTIONS) |/exec|/wait(\?|$)|/auth(\?|$)")


def mutates(call):
    """Whether `METHOD /path` may change the daemon."""
    return READS.search(call) is None


class Proxy:
    """Requests are parsed (they may share a connection), answers are passed on as they come, streams too.

    `after_mutation(number, call)` runs when the daemon has begun to answer the number-th mutating call and before the
    client sees a byte of it: a client killed there has lost the reply.
    """

    def __init__(self, path, target):
        self.path, self.target = str(path), target
        self.after_mutation = lambda number, call: None
        self._lock = threading.Lock()
        self._calls = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def calls(self):
        with self._lock:
            return list(self._calls)

    def mutations(self):
        return [call for call in self.calls() if mutates(call)]

    def forget(self):
        with self._lock:
            self._calls.clear()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=Connection(self, client).run, daemon=True).start()

    def record(self, call):
        """The number of a mutating call among all, or None."""
        with self._lock:
            self._calls.append(call)
            return sum(map(mutates, self._calls)) if mutates(call) else None


class Connection:
    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.daemon = socket.socket(socket.AF_UNIX)
        self.pending = None  # (number, call) of the mutation whose answer has not begun
        self.buffer = b""

    def run(self):
        try:
            self.daemon.connect(self.proxy.target)
            threading.Thread(target=self._answers, daemon=True).start()
            while self._request():
                pass
        except OSError:
            pass
        finally:
            close(self.client)
            close(self.daemon)

    def _answers(self):
        try:
            while data := self.daemon.recv(65536):
                if self.pending:
                    pending, self.pending = self.pending, None
                    self.proxy.after_mutation(*pending)
                self.client.sendall(data)
        except OSError:
            pass
        finally:
            close(self.client)
            close(self.daemon)

    def _more(self):
        data = self.client.recv(65536)
        self.buffer += data
        return bool(data)

    def _request(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return False
        header, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = header.decode(errors="replace").split("\r\n")
        call = " ".join(lines[0].split(" ")[:2])
        number = self.proxy.record(call)
        if number is not None:
            self.pending = (number, call)
        self.daemon.sendall(header + b"\r\n\r\n")
        self._body({k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])})
        return True

    def _body(self, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            self._chunks()
        else:
            self._pass_on(int(headers.get("content-length", "0")))

    def _chunks(self):
        while True:
            while b"\r\n" not in self.buffer:
                if not self._more():
                    return
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            self.daemon.sendall(line + b"\r\n")
            size = int(line.split(b";")[0], 16)
            self._pass_on(size + 2)
            if size == 0:
                return

    def _pass_on(self, length):
        while length > 0:
            if not self.buffer and not self._more():
                return
            part, self.buffer = self.buffer[:length], self.buffer[length:]
            self.daemon.sendall(part)
            length -= len(part)


def close(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()
