// The floor of the benches: bare calls to Docker's API, which nobody can be faster than.
//
//   floor SOCKET <CALLS
//
// A call a line: METHOD PATH [BODY]. They are read first and then made one after the other, on one connection
// that is kept alive; of an answer nothing is looked at but its status and where it ends. Prints a line for
// each call: its status and its milliseconds. Exit codes: 0; 1 at the first call that is refused, with the
// daemon's words; 2 usage.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Answer {
  int status = 0;
  std::string body;
};

// One HTTP/1.1 connection to a unix socket. Throws std::runtime_error when the other end breaks off.
class Connection {
 public:
  explicit Connection(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error(path + ": " + std::strerror(errno));
    }
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Answer Call(const std::string& request) {
    Send(request);
    const std::string header = Until("\r\n\r\n");
    Answer answer;
    answer.status = std::atoi(header.substr(header.find(' ')).c_str());
    if (const std::string length = Field(header, "content-length"); !length.empty()) {
      answer.body = Take(std::stoul(length));
    } else if (Field(header, "transfer-encoding") == "chunked") {
      answer.body = Chunks();
    }
    return answer;
  }

 private:
  void Send(const std::string& data) {
    for (size_t sent = 0; sent < data.size();) {
      const ssize_t n = send(fd_, data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) throw std::runtime_error(std::string("send: ") + std::strerror(errno));
      sent += static_cast<size_t>(n);
    }
  }

  void More() {
    char data[65536];
    const ssize_t n = recv(fd_, data, sizeof(data), 0);
    if (n <= 0) throw std::runtime_error("the daemon has closed the connection");
    received_.append(data, static_cast<size_t>(n));
  }

  std::string Take(size_t size) {
    while (received_.size() < size) More();
    const std::string taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }

  // What comes before the mark, which is taken too.
  std::string Until(const std::string& mark) {
    size_t end = 0;
    while ((end = received_.find(mark)) == std::string::npos) More();
    const std::string taken = Take(end + mark.size());
    return taken.substr(0, end);
  }

  std::string Chunks() {
    std::string body;
    while (true) {
      const size_t size = std::stoul(Until("\r\n"), nullptr, 16);
      body += Take(size);
      Until("\r\n");
      if (size == 0) return body;
    }
  }

  static std::string Field(std::string header, const std::string& name) {
    for (char& c : header) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const size_t begin = header.find("\r\n" + name + ":");
    if (begin == std::string::npos) return "";
    const size_t value = header.find_first_not_of(' ', begin + name.size() + 3);
    return header.substr(value, header.find('\r', value) - value);
  }

  int fd_;
  std::string received_;  // and not yet taken
};

// METHOD PATH [BODY] as a request.
std::string Request(const std::string& line) {
  const size_t method = line.find(' '), path = line.find(' ', method + 1);
  const std::string body = path == std::string::npos ? "" : line.substr(path + 1);
  return line.substr(0, path) +
         " HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

int MakeCalls(const std::string& socket_path, const std::vector<std::string>& calls) {
  using Clock = std::chrono::steady_clock;
  Connection connection(socket_path);
  for (const std::string& call : calls) {
    const Clock::time_point begin = Clock::now();
    const Answer answer = connection.Call(Request(call));
    const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
    if (answer.status >= 400) {
      std::fprintf(stderr, "%.100s: %d %s\n", call.c_str(), answer.status, answer.body.c_str());
      return 1;
    }
    std::printf("%d %.3f\n", answer.status, took.count());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: floor SOCKET <CALLS\n", stderr);
    return 2;
  }
  std::vector<std::string> calls;
  for (std::string line; std::getline(std::cin, line);) calls.push_back(line);
  try {
    return MakeCalls(argv[1], calls);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "floor: %s\n", error.what());
    return 1;
  }
}
