// A directory with a web configuration in it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "test/testing/certificate.h"
#include "test/testing/temporary.h"

namespace spacelet::webconfig {

class Directory {
 public:
  Directory() { std::filesystem::create_directories(path_); }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // By a new file in its place.
  std::string Write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const std::string path = Path(name), next = path + ".next";
    std::ofstream(next, std::ios::binary) << text;
    chmod(next.c_str(), mode);
    std::filesystem::rename(next, path);
    return path;
  }
  void WriteServer(const testing::Certificate& certificate, mode_t key_mode = 0600) const {
    Write("server.crt", certificate.pem, 0644);
    Write("server.key", certificate.key_pem, key_mode);
  }

 private:
  const std::string path_ = testing::TemporaryPath("webconfig");
};

inline constexpr char kTlsText[] = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n";
inline constexpr char kUsersText[] =
    "basic_auth_users: {ann: $2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW}\n";  // secret

}  // namespace spacelet::webconfig
