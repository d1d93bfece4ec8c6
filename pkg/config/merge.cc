#include "pkg/config/merge.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace spacelet::config {
namespace {

constexpr char kContainers[] = "spec.containers";
constexpr char kPatch[] = "$patch", kDelete[] = "delete";  // of Kubernetes' strategic merge patches

const std::string* NameOf(const yaml::Node& container) {
  const yaml::Node* name = container.Find("name");
  return name != nullptr && name->is_scalar() ? &name->text : nullptr;
}

bool IsDeleted(const yaml::Node& container) {
  const yaml::Node* patch = container.Find(kPatch);
  return patch != nullptr && patch->is_scalar() && patch->text == kDelete;
}

// The members of a list that stay.
template <typename T>
void Drop(const std::set<size_t>& dropped, std::vector<T>& from) {
  if (dropped.empty()) return;
  std::vector<T> rest;
  for (size_t i = 0; i < from.size(); ++i)
    if (dropped.count(i) == 0) rest.push_back(std::move(from[i]));
  from = std::move(rest);
}

class Merger {
 public:
  explicit Merger(Report& report) : report_(report) {}

  // `key`: under which the maps stand.
  void MergeMaps(yaml::Node& base, const yaml::Node& overlay, const std::string& path,
                 absl::string_view key) {
    std::map<std::string, size_t> index;
    for (size_t i = 0; i < base.entries.size(); ++i) index.emplace(base.entries[i].key, i);
    std::set<size_t> removed;
    for (const yaml::Entry& entry : overlay.entries) {
      const auto there = index.find(entry.key);
      const std::string at = Join(path, entry.key);
      if (entry.value.is_null()) {
        if (there == index.end())
          ReportNothingToRemove(entry, at);
        else
          removed.insert(there->second);
      } else if (there == index.end()) {
        base.entries.push_back(Fresh(entry, at));
      } else {
        MergeEntries(base.entries[there->second], entry, at, key);
      }
    }
    Drop(removed, base.entries);
  }

 private:
  void ReportNothingToRemove(const yaml::Entry& entry, const std::string& path) {
    report_.Add(Severity::kWarning, PlaceOfKey(entry), path, "null removes nothing: no file before has it");
  }

  // An entry that the base does not have: as if it was merged into an empty one.
  yaml::Entry Fresh(const yaml::Entry& entry, const std::string& path) {
    if (!entry.value.is_map() && path != kContainers) return entry;
    yaml::Entry fresh = entry;
    fresh.value.entries.clear();
    if (entry.value.is_map()) MergeMaps(fresh.value, entry.value, path, entry.key);
    if (!entry.value.is_sequence()) return fresh;
    fresh.value.items.clear();
    MergeContainers(fresh.value, entry.value);
    return fresh;
  }

  void MergeEntries(yaml::Entry& base, const yaml::Entry& overlay, const std::string& path,
                    absl::string_view parent) {
    const bool may_be_either = parent == "env" || parent == "ulimits";
    if (base.value.is_map() && overlay.value.is_map())
      return MergeMaps(base.value, overlay.value, path, base.key);
    if (path == kContainers && base.value.is_sequence() && overlay.value.is_sequence())
      return MergeContainers(base.value, overlay.value);
    if (base.value.kind == overlay.value.kind || base.value.is_null() || may_be_either) {
      base = Fresh(overlay, path);
      return;
    }
    report_.Add(Severity::kError, PlaceOf(overlay.value), path,
                absl::StrCat("is ", yaml::Describe(overlay.value), " here and ", yaml::Describe(base.value),
                             " at ", report_.Shown(PlaceOf(base.value)), ": they cannot be merged"),
                "give both files the same");
  }

  void MergeContainers(yaml::Node& base, const yaml::Node& overlay) {
    std::map<std::string, size_t> index;
    for (size_t i = 0; i < base.items.size(); ++i)
      if (const std::string* name = NameOf(base.items[i])) index.emplace(*name, i);
    std::set<size_t> removed;
    for (size_t i = 0; i < overlay.items.size(); ++i)
      MergeContainer(base, overlay.items[i], absl::StrCat(kContainers, "[", i, "]"), index, removed);
    Drop(removed, base.items);
  }

  // `index`: which containers of the base the overlay has not named yet.
  void MergeContainer(yaml::Node& base, const yaml::Node& item, const std::string& path,
                      std::map<std::string, size_t>& index, std::set<size_t>& removed) {
    const std::string* name = NameOf(item);
    const auto there = name == nullptr ? index.end() : index.find(*name);
    if (IsDeleted(item)) {
      if (there != index.end())
        removed.insert(there->second);
      else
        report_.Add(Severity::kWarning, PlaceOf(item), path,
                    "removes nothing: no file before has a container of that name");
    } else if (there != index.end()) {
      MergeMaps(base.items[there->second], item, path, "");
    } else {
      base.items.push_back(item.is_map() ? Fresh({"", item}, path).value : item);
    }
    if (there != index.end()) index.erase(there);
  }

  Report& report_;
};

}  // namespace

yaml::Node Merge(yaml::Node base, const yaml::Node& overlay, Report& report) {
  Merger(report).MergeMaps(base, overlay, "", "");
  return base;
}

}  // namespace spacelet::config
