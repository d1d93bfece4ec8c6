#include "pkg/pool/checker.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/text.h"
#include "pkg/pool/scalar.h"

namespace spacelet::pool {
namespace {

const Field* Find(absl::Span<const Field> fields, absl::string_view name) {
  auto it = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  return it == fields.end() ? nullptr : &*it;
}

std::string DidYouMean(absl::string_view key, absl::Span<const Field> fields) {
  if (const absl::string_view meant = CommonMistake(key); Find(fields, meant) != nullptr)
    return absl::StrCat(" (did you mean ", meant, "?)");
  std::vector<std::string> names;
  for (const Field& field : fields) names.emplace_back(field.name);
  const std::optional<std::string> nearest = base::Nearest(key, names);
  return nearest ? absl::StrCat(" (did you mean ", *nearest, "?)") : "";
}

bool IsAbsent(const yaml::Node& node) {
  return node.is_null() || (node.is_scalar() && Resolve(node) == Scalar::kNull);
}

// Of a scalar: how YAML reads it; of the rest: the tree's word.
absl::string_view KindOf(const yaml::Node& node) {
  if (!node.is_scalar()) return yaml::Describe(node);
  switch (Resolve(node)) {
    case Scalar::kBool:
      return "a boolean";
    case Scalar::kInt:
    case Scalar::kNumber:
      return "a number";
    case Scalar::kNull:
      return "nothing";
    case Scalar::kText:
      break;
  }
  return "a text";
}

std::string Shown(const yaml::Node& node) { return base::OneLine(node.text, 60); }

}  // namespace

Place Place::At(absl::string_view key, const yaml::Node& child) const {
  return {child, path.empty() ? std::string(key) : absl::StrCat(path, ".", key)};
}

const yaml::Node* Place::Child(absl::string_view key) const {
  const yaml::Node* child = node.Find(key);
  return child == nullptr || IsAbsent(*child) ? nullptr : child;
}

void Checker::Add(bool error, const Place& place, std::string message) {
  problems_.push_back({error, place.node.line, place.node.column, place.path, std::move(message)});
}

void Checker::ReportUnknown(const yaml::Entry& entry, const Place& place, absl::Span<const Field> fields) {
  const std::string key = base::OneLine(entry.key, 60);
  Problem problem{true, entry.line, entry.column, place.At(key, entry.value).path,
                  absl::StrCat("unknown key, which the runner ignores", DidYouMean(entry.key, fields))};
  problems_.push_back(std::move(problem));
}

bool Checker::CheckMap(const Place& place, absl::Span<const Field> fields) {
  if (!place.node.is_map()) {
    Error(place, absl::StrCat("must be a map, not ", KindOf(place.node)));
    return false;
  }
  for (const yaml::Entry& entry : place.node.entries) {
    if (const Field* field = Find(fields, entry.key); field != nullptr) {
      CheckValue(place.At(entry.key, entry.value), *field);
    } else {
      ReportUnknown(entry, place, fields);
    }
  }
  return true;
}

void Checker::CheckValue(const Place& place, const Field& field) {
  if (IsAbsent(place.node)) return;
  switch (field.type) {
    case Type::kAny:
      return;
    case Type::kText:
    case Type::kInt:
    case Type::kBool:
      return CheckScalar(place, field.type);
    case Type::kTexts:
    case Type::kObjects:
      return CheckList(place, field);
    case Type::kTextMap:
      return CheckTextMap(place);
    case Type::kObject:
      CheckMap(place, field.fields);
      return;
  }
}

void Checker::CheckScalar(const Place& place, Type type) {
  const yaml::Node& node = place.node;
  const bool scalar = node.is_scalar();
  const Scalar kind = scalar ? Resolve(node) : Scalar::kNull;
  if (type == Type::kInt && kind != Scalar::kInt)
    Error(place, absl::StrCat("must be a whole number, not ", KindOf(node)));
  if (type == Type::kBool && kind != Scalar::kBool)
    Error(place, absl::StrCat("must be true or false, not ", KindOf(node)));
  if (type == Type::kText && kind != Scalar::kText)
    Error(place, absl::StrCat("must be a text, not ", KindOf(node),
                              scalar ? absl::StrCat(": write \"", Shown(node), "\"") : ""));
}

void Checker::CheckList(const Place& place, const Field& field) {
  if (!place.node.is_sequence()) {
    const bool scalar = place.node.is_scalar();
    Error(place, absl::StrCat("must be a list, not ", KindOf(place.node),
                              scalar ? absl::StrCat(": write [", Shown(place.node), "]") : ""));
    return;
  }
  for (size_t i = 0; i < place.node.items.size(); ++i) {
    const Place item{place.node.items[i], absl::StrCat(place.path, "[", i, "]")};
    if (field.type == Type::kTexts) {
      CheckScalar(item, Type::kText);
    } else {
      CheckMap(item, field.fields);
    }
  }
}

void Checker::CheckTextMap(const Place& place) {
  if (!place.node.is_map())
    return Error(place, absl::StrCat("must be a map of texts, not ", KindOf(place.node)));
  for (const yaml::Entry& entry : place.node.entries)
    CheckScalar(place.At(base::OneLine(entry.key, 60), entry.value), Type::kText);
}

std::string Checker::Text(const Place& place, absl::string_view key) const {
  const yaml::Node* child = place.Child(key);
  return child != nullptr && child->is_scalar() && Resolve(*child) == Scalar::kText ? child->text : "";
}

std::vector<Problem> Checker::TakeInFileOrder() {
  std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return std::move(problems_);
}

}  // namespace spacelet::pool
