#include "test/standin/http.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

namespace spacelet::standin {
namespace {

constexpr size_t kMaxHeader = 8192;
constexpr timeval kPatience = {.tv_sec = 1, .tv_usec = 0};

int Listen(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 64) != 0) {
    std::fprintf(stderr, "error: listen tcp :%d: %s, try --help\n", port, std::strerror(errno));
    std::_Exit(1);
  }
  return listener;
}

std::string ReadHeader(int connection) {
  std::string header;
  char buffer[1024];
  while (header.find("\r\n\r\n") == std::string::npos && header.size() < kMaxHeader) {
    const ssize_t n = recv(connection, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    header.append(buffer, static_cast<size_t>(n));
  }
  return header;
}

void SendAll(int connection, const std::string& text) {
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t n = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
}

std::string Unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> ParseQuery(const std::string& text) {
  std::map<std::string, std::string> query;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('&', at), text.size());
    const std::string pair = text.substr(at, end - at);
    const size_t equals = pair.find('=');
    if (equals != std::string::npos)
      query[Unescape(pair.substr(0, equals))] = Unescape(pair.substr(equals + 1));
    at = end + 1;
  }
  return query;
}

Request ParseRequest(const std::string& header) {
  Request request;
  const size_t first = header.find(' ');
  const size_t second = first == std::string::npos ? first : header.find(' ', first + 1);
  if (second == std::string::npos) return request;
  request.method = header.substr(0, first);
  const std::string target = header.substr(first + 1, second - first - 1);
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = ParseQuery(target.substr(mark + 1));
  return request;
}

std::string ToWire(const Response& response) {
  return "HTTP/1.1 " + std::to_string(response.status) + (response.status == 200 ? " OK" : " Status") +
         "\r\nContent-Type: " + response.content_type +
         "\r\nContent-Length: " + std::to_string(response.body.size()) + "\r\nConnection: close\r\n\r\n" +
         response.body;
}

struct Address {
  std::string host, port, base;
};

Address ParseUrl(std::string url) {
  if (url.rfind("http://", 0) == 0) url.erase(0, 7);
  const size_t slash = url.find('/');
  Address address{url.substr(0, slash), "80", slash == std::string::npos ? "" : url.substr(slash)};
  while (!address.base.empty() && address.base.back() == '/') address.base.pop_back();
  if (const size_t colon = address.host.rfind(':'); colon != std::string::npos) {
    address.port = address.host.substr(colon + 1);
    address.host.erase(colon);
  }
  return address;
}

// Returns a connected socket, or -1 with the reason in `error`.
int Connect(const Address& address, std::string& error) {
  addrinfo hints = {}, *found = nullptr;
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  if (const int code = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found); code != 0) {
    error = "lookup " + address.host + ": " + gai_strerror(code);
    return -1;
  }
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  const int result = connect(connection, found->ai_addr, found->ai_addrlen);
  if (result != 0)
    error = "Failed to connect to " + address.host + ":" + address.port + ": " + std::strerror(errno);
  freeaddrinfo(found);
  if (result == 0) return connection;
  close(connection);
  return -1;
}

}  // namespace

Server::Server(int port, std::function<Response(const Request&)> handle)
    : handle_(std::move(handle)), listener_(Listen(port)) {
  std::thread([this] { Accept(); }).detach();
}

void Server::Close() { shutdown(listener_, SHUT_RDWR); }

void Server::Accept() {
  while (true) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) break;
    ++running_;
    std::thread([this, connection] { Serve(connection); }).detach();
  }
  close(listener_);
}

void Server::Serve(int connection) {
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  SendAll(connection, ToWire(handle_(ParseRequest(ReadHeader(connection)))));
  close(connection);
  --running_;
}

Response Call(const std::string& method, const std::string& url, const std::string& path) {
  const Address address = ParseUrl(url);
  Response response;
  response.status = 0;
  const int connection = Connect(address, response.body);
  if (connection < 0) return response;
  SendAll(connection, method + " " + address.base + path + " HTTP/1.1\r\nHost: " + address.host + ":" +
                          address.port + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  const std::string answer = ReadHeader(connection);
  close(connection);
  if (answer.rfind("HTTP/1.", 0) == 0)
    response.status = static_cast<int>(std::strtol(answer.c_str() + 9, nullptr, 10));
  const size_t body = answer.find("\r\n\r\n");
  response.body = body == std::string::npos ? "no answer" : answer.substr(body + 4);
  return response;
}

}  // namespace spacelet::standin
