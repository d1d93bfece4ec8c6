#include "test/testing/tar.h"

#include <cstring>

#include "absl/strings/str_format.h"

namespace spacelet::testing {
namespace {

// POSIX.1-1988 ustar.
constexpr size_t kBlock = 512, kMode = 100, kSize = 124, kChecksum = 148, kType = 156, kMagic = 257,
                 kPrefix = 345;

size_t Padded(size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

void Put(std::string& block, size_t at, const std::string& text) { block.replace(at, text.size(), text); }

std::string Field(absl::string_view block, size_t at, size_t size) {
  const std::string field(block.substr(at, size));
  return field.c_str();
}

}  // namespace

std::string MakeTar(const std::map<std::string, std::string>& files) {
  std::string archive;
  for (const auto& [name, content] : files) {
    std::string block(kBlock, '\0');
    Put(block, 0, name.substr(0, 99));
    Put(block, kMode, "0000644");
    Put(block, kSize, absl::StrFormat("%011o", content.size()));
    Put(block, kType, "0");
    Put(block, kMagic, std::string("ustar\00000", 8));
    Put(block, kChecksum, "        ");
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    Put(block, kChecksum, absl::StrFormat("%06o", sum) + std::string("\0 ", 2));
    archive += block + content + std::string(Padded(content.size()) - content.size(), '\0');
  }
  return archive + std::string(2 * kBlock, '\0');
}

std::map<std::string, std::string> ReadTar(absl::string_view archive) {
  std::map<std::string, std::string> files;
  while (archive.size() >= kBlock && archive[0] != '\0') {
    const std::string prefix = Field(archive, kPrefix, 155), name = Field(archive, 0, 100);
    const size_t size = std::strtoul(Field(archive, kSize, 12).c_str(), nullptr, 8);
    const char type = archive[kType];
    archive.remove_prefix(kBlock);
    if (Padded(size) > archive.size()) break;
    if (type == '0' || type == '\0')
      files[prefix.empty() ? name : prefix + "/" + name] = std::string(archive.substr(0, size));
    archive.remove_prefix(Padded(size));
  }
  return files;
}

}  // namespace spacelet::testing
