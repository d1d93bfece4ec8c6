#include "pkg/docker/tar.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <numeric>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/base/status_macros.h"

namespace spacelet::docker {
namespace {

constexpr size_t kBlock = 512;
// Offset and length of a field of the header (POSIX.1-1988).
struct Slot {
  size_t offset, size;
};
constexpr Slot kName = {0, 100}, kMode = {100, 8}, kUid = {108, 8}, kGid = {116, 8}, kSize = {124, 12},
               kTime = {136, 12}, kChecksum = {148, 8}, kType = {156, 1}, kMagic = {257, 8},
               kPrefix = {345, 155};

size_t Padding(size_t size) { return (kBlock - size % kBlock) % kBlock; }

void Put(std::string& header, Slot slot, absl::string_view value) {
  header.replace(slot.offset, value.size(), value.data(), value.size());
}

void PutOctal(std::string& header, Slot slot, uint64_t value) {
  Put(header, slot, absl::StrFormat("%0*o", static_cast<int>(slot.size) - 1, value));
}

// The sum of all bytes with the checksum's own field taken as blanks.
uint32_t Checksum(std::string header) {
  header.replace(kChecksum.offset, kChecksum.size, std::string(kChecksum.size, ' '));
  return std::accumulate(header.begin(), header.end(), uint32_t{0},
                         [](uint32_t sum, char c) { return sum + static_cast<unsigned char>(c); });
}

absl::Status PutPath(std::string& header, absl::string_view path) {
  if (path.size() <= kName.size) {
    Put(header, kName, path);
    return absl::OkStatus();
  }
  const size_t slash = path.find('/', path.size() - kName.size - 1);
  if (slash == absl::string_view::npos || slash > kPrefix.size || slash + 1 == path.size()) {
    return absl::InvalidArgumentError(absl::StrCat("/", path, ": too long for a tar archive"));
  }
  Put(header, kPrefix, path.substr(0, slash));
  Put(header, kName, path.substr(slash + 1));
  return absl::OkStatus();
}

absl::StatusOr<std::string> Header(const FileToCopy& file) {
  const absl::string_view path = file.path;
  if (!absl::StartsWith(path, "/") || absl::EndsWith(path, "/") ||
      path.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("\"", path, "\": not the absolute path of a file"));
  }
  std::string header(kBlock, '\0');
  RETURN_IF_ERROR(PutPath(header, path.substr(1)));
  PutOctal(header, kMode, file.mode & 07777u);
  PutOctal(header, kUid, 0);
  PutOctal(header, kGid, 0);
  PutOctal(header, kSize, file.content.size());
  PutOctal(header, kTime, 0);
  Put(header, kType, "0");
  Put(header, kMagic, absl::string_view("ustar\00000", 8));
  Put(header, kChecksum, absl::StrFormat("%06o", Checksum(header)) + std::string("\0 ", 2));
  return header;
}

absl::StatusOr<size_t> ReadSize(absl::string_view header) {
  uint64_t size = 0;
  for (const char c : header.substr(kSize.offset, kSize.size)) {
    if (c == '\0' || c == ' ') break;
    if (c < '0' || c > '7') return absl::InternalError("the archive's header is damaged");
    size = size * 8 + static_cast<uint64_t>(c - '0');
  }
  return static_cast<size_t>(size);
}

}  // namespace

absl::StatusOr<std::string> WriteTar(const std::vector<FileToCopy>& files) {
  std::string out;
  for (const FileToCopy& file : files) {
    ASSIGN_OR_RETURN(const std::string header, Header(file));
    absl::StrAppend(&out, header, file.content, std::string(Padding(file.content.size()), '\0'));
  }
  out.append(2 * kBlock, '\0');
  return out;
}

absl::StatusOr<std::string> ReadSingleFile(absl::string_view tar) {
  // A block of zeros ends the archive.
  while (tar.size() >= kBlock && tar[0] != '\0') {
    ASSIGN_OR_RETURN(const size_t size, ReadSize(tar));
    const char type = tar[kType.offset];
    tar.remove_prefix(kBlock);
    if (size > tar.size()) return absl::InternalError("the archive ends in the middle of a file");
    if (type == '0' || type == '\0') return std::string(tar.substr(0, size));
    // Extended headers (pax, GNU long names) stand before what they describe.
    if (absl::string_view("xgLK").find(type) == absl::string_view::npos) break;
    tar.remove_prefix(std::min(tar.size(), size + Padding(size)));
  }
  return absl::NotFoundError("not a regular file");
}

}  // namespace spacelet::docker
