// Compares a tree with its schema and collects what does not fit.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pkg/pool/pool.h"
#include "pkg/pool/schema.h"
#include "pkg/yaml/tree.h"

namespace spacelet::pool {

// A node with where it is: "instances[0].spec".
struct Place {
  const yaml::Node& node;
  std::string path;

  Place At(absl::string_view key, const yaml::Node& child) const;
  // The child of that key; null when it is absent or null, which is the same to the runner.
  const yaml::Node* Child(absl::string_view key) const;
};

class Checker {
 public:
  void Error(const Place& place, std::string message) { Add(true, place, std::move(message)); }
  void Warning(const Place& place, std::string message) { Add(false, place, std::move(message)); }

  // Every key is one of `fields`, every value of its type. False when the node is no map.
  bool CheckMap(const Place& place, absl::Span<const Field> fields);
  // The text under `key`; empty when it is absent or no text (which CheckMap has reported).
  std::string Text(const Place& place, absl::string_view key) const;

  std::vector<Problem> TakeInFileOrder();

 private:
  void Add(bool error, const Place& place, std::string message);
  void CheckValue(const Place& place, const Field& field);
  void CheckScalar(const Place& place, Type type);
  void CheckList(const Place& place, const Field& field);
  void CheckTextMap(const Place& place);
  void ReportUnknown(const yaml::Entry& entry, const Place& place, absl::Span<const Field> fields);

  std::vector<Problem> problems_;
};

}  // namespace spacelet::pool
