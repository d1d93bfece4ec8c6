// Clients for tests of the TLS server: one that sends bytes, and one that speaks TLS and believes any server.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "test/testing/certificate.h"

namespace spacelet::http {

using testing::Certificate;

inline constexpr char kGet[] = "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";

class Socket {
 public:
  explicit Socket(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  void Send(const std::string& bytes) const { send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  std::string Read() const {
    std::string all;
    char buffer[65536];
    for (ssize_t n = 0; (n = recv(fd_, buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<size_t>(n));
    return all;
  }

 private:
  const int fd_;
};

template <typename T, typename Free>
std::unique_ptr<T, Free> FromPem(const std::string& pem, T* (*read)(BIO*, T**, pem_password_cb*, void*),
                                 Free free) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  std::unique_ptr<T, Free> out(read(bio, nullptr, nullptr, nullptr), free);
  BIO_free(bio);
  return out;
}

struct ClientOptions {
  const Certificate* certificate = nullptr;
  int version = 0;  // the only one; 0: any
};

// A client that believes any server.
class TlsClient {
 public:
  explicit TlsClient(int port, const ClientOptions& options = {})
      : socket_(port), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    if (options.version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), options.version);
      SSL_CTX_set_max_proto_version(context_.get(), options.version);
      SSL_CTX_set_security_level(context_.get(), 0);
    }
    if (options.certificate != nullptr) {
      SSL_CTX_use_certificate(context_.get(),
                              FromPem(options.certificate->pem, &PEM_read_bio_X509, &X509_free).get());
      SSL_CTX_use_PrivateKey(
          context_.get(),
          FromPem(options.certificate->key_pem, &PEM_read_bio_PrivateKey, &EVP_PKEY_free).get());
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.fd());
  }

  bool ShakeHands() { return SSL_connect(ssl_.get()) == 1; }
  void Send(const std::string& bytes) { SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }
  // Up to the end, or until `enough` is in what was read.
  std::string Read(const std::string& enough = "") {
    std::string all;
    char buffer[65536];
    while (enough.empty() || !absl::StrContains(all, enough)) {
      const int n = SSL_read(ssl_.get(), buffer, sizeof buffer);
      if (n <= 0) break;
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }
  std::string Get() {
    if (!ShakeHands()) return "no handshake";
    Send(kGet);
    return Read();
  }
  std::string PeerPem() {
    const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(ssl_.get()), &X509_free);
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, peer.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    return pem;
  }
  SSL* ssl() { return ssl_.get(); }

 private:
  const Socket socket_;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
};

}  // namespace spacelet::http
