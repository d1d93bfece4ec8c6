// Where a decoder is in the tree, and what it has to say about it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/config/diagnostic.h"
#include "pkg/config/load.h"
#include "pkg/yaml/tree.h"

namespace spacelet::config {

// Collects diagnostics and the places of fields.
// Thread-safety: none.
class Report {
 public:
  // A document has at most this many; more help nobody and a hostile one could have a million.
  static constexpr size_t kMostDiagnostics = 100;

  // `file`: the document itself, number 0.
  explicit Report(absl::string_view file);
  // One more file that the document is made of. Returns its number, which places in it carry.
  int AddFile(absl::string_view name);
  const std::vector<std::string>& files() const { return files_; }
  // "host.yaml:12:3"
  std::string Shown(Position place) const;

  void Add(Severity severity, Position place, absl::string_view path, absl::string_view message,
           absl::string_view suggestion = "");
  // What Add would say, for what is no part of the report.
  Diagnostic Make(Severity severity, Position place, absl::string_view path, absl::string_view message,
                  absl::string_view suggestion = "") const;
  // At the place of the field `path`, or of the nearest field above it that was written.
  void AddAt(Severity severity, absl::string_view path, absl::string_view message,
             absl::string_view suggestion = "");

  void SetPosition(const std::string& path, Position place) { positions_.emplace(path, place); }
  bool IsWritten(const std::string& path) const { return positions_.count(path) != 0; }
  bool has_errors() const { return has_errors_; }

  std::vector<Diagnostic> TakeInFileOrder();
  std::map<std::string, Position> TakePositions() { return std::move(positions_); }

 private:
  struct Placed {
    int file = 0;
    Diagnostic diagnostic;
  };
  Position PlaceOf(absl::string_view path) const;

  std::vector<std::string> files_;
  std::vector<Placed> diagnostics_;
  std::map<std::string, Position> positions_;
  bool has_errors_ = false;
};

inline Position PlaceOf(const yaml::Node& node) { return {node.line, node.column, node.file}; }
inline Position PlaceOfKey(const yaml::Entry& entry) { return {entry.line, entry.column, entry.file}; }

// A node and the way to it. A view: outlives nothing.
struct Cursor {
  const yaml::Node& node;
  std::string path;
  Report& report;

  Cursor Field(const yaml::Entry& entry) const;  // "spec" -> "spec.runner"; remembers the field's place
  Cursor Item(size_t index, const yaml::Node& item) const;  // "ports" -> "ports[0]"
  void Error(absl::string_view message, absl::string_view suggestion = "") const;
};

// "a.b", or a["b.c"] when the key is not a plain word. `path` may be empty.
std::string Join(absl::string_view path, absl::string_view key);

}  // namespace spacelet::config
