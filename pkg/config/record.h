// A record: named fields of a plain struct, declared once, from which decoding, unknown-key detection,
// printing, the JSON Schema and the reference all follow.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pkg/config/codec.h"

namespace spacelet::config {

template <typename T>
struct Field {
  FieldInfo info;
  bool included = false;       // described with the record it comes from
  std::string schema_default;  // as written in YAML; empty: none, or one that only prose can say
  std::function<yaml::Node(Definitions&)> schema;
  std::function<bool(const Cursor&, T&)> decode;
  std::function<std::optional<yaml::Node>(const T&)> encode;  // nothing: not set
};

// What a record's decoder does that does not depend on its type.
void ReportUnknownKey(const Cursor& record, const yaml::Entry& entry, const std::vector<std::string>& known);
void ReportMissing(const Cursor& record, const std::string& field);
bool CheckExactlyOne(const Cursor& record, const std::vector<std::string>& alternatives);
// Whether something stands there at all.
bool ExpectValue(const Cursor& at);

yaml::Node RecordSchema(absl::string_view description,
                        const std::vector<std::pair<FieldInfo, yaml::Node>>& properties,
                        const std::vector<std::string>& exactly_one_of);
yaml::Node FieldSchema(const FieldInfo& info, const std::string& schema_default, yaml::Node type_schema);

template <typename V>
struct IsOptional : std::false_type {};
template <typename V>
struct IsOptional<std::optional<V>> : std::true_type {};

template <typename T>
class Record {
 public:
  Record(std::string name, std::string description)
      : name_(std::move(name)), description_(std::move(description)) {}

  // A field that is the member `member`, of type V or std::optional<V>.
  template <typename M, typename V>
  Record& Add(std::string name, M T::*member, Codec<V> codec, std::string description) {
    return AddWith<V>(
        std::move(name), std::move(codec),
        [member](T& record, V value) { record.*member = std::move(value); },
        [member](const T& record) -> std::optional<V> { return record.*member; }, std::move(description),
        IsOptional<M>::value);
  }

  // A field that is set and got by functions.
  template <typename V>
  Record& AddWith(std::string name, Codec<V> codec, std::function<void(T&, V)> set,
                  std::function<std::optional<V>(const T&)> get, std::string description,
                  bool prints_empty = true) {
    const auto shared = std::make_shared<const Codec<V>>(std::move(codec));
    Field<T> field;
    field.info = {std::move(name), shared->type, std::move(description), "", "", false};
    field.schema = shared->schema;
    field.decode = [shared, set, get](const Cursor& at, T& record) {
      V value = get(record).value_or(V{});  // what is not written keeps what a profile has put there
      const bool good = shared->decode(at, value);
      // A broken scalar is as good as absent; of a broken map or list the rest is still checked.
      if (good || !at.node.is_scalar()) set(record, std::move(value));
      return good;
    };
    field.encode = [shared, get, prints_empty](const T& record) -> std::optional<yaml::Node> {
      const std::optional<V> value = get(record);
      if (!value) return std::nullopt;
      yaml::Node node = shared->encode(*value);
      return prints_empty || !IsEmpty(node) ? std::optional(std::move(node)) : std::nullopt;
    };
    fields_.push_back(std::move(field));
    return *this;
  }

  // All fields of another record, which is the member `member`.
  template <typename M>
  Record& Include(const Record<M>& other, M T::*member) {
    return IncludeWith<M>(
        other, [member](T& record) -> M& { return record.*member; },
        [member](const T& record) { return &(record.*member); });
  }

  // All fields of another record, which `make` finds or makes and `find` finds (null: not there).
  template <typename M>
  Record& IncludeWith(const Record<M>& other, std::function<M&(T&)> make,
                      std::function<const M*(const T&)> find) {
    for (const Field<M>& theirs : other.fields()) {
      Field<T> field;
      field.info = theirs.info;
      field.included = true;
      field.schema_default = theirs.schema_default;
      field.schema = theirs.schema;
      field.decode = [decode = theirs.decode, make](const Cursor& at, T& record) {
        return decode(at, make(record));
      };
      field.encode = [encode = theirs.encode, find](const T& record) {
        const M* theirs_now = find(record);
        return theirs_now != nullptr ? encode(*theirs_now) : std::nullopt;
      };
      fields_.push_back(std::move(field));
    }
    return *this;
  }

  // The following are about the field added last.
  Record& Required() { return Last().info.required = true, *this; }
  // `text` is the value as written in YAML.
  Record& Default(const std::string& text) {
    Last().schema_default = Last().info.fallback = text;
    return *this;
  }
  Record& DefaultNote(const std::string& prose) { return Last().info.fallback = prose, *this; }
  Record& Example(const std::string& yaml) { return Last().info.example = yaml, *this; }

  // Another default for a field that was included.
  Record& Override(const std::string& field, const std::string& text) {
    for (Field<T>& f : fields_) {
      if (f.info.name != field) continue;
      f.schema_default = f.info.fallback = text;
      f.included = false;
    }
    return *this;
  }

  Record& ExactlyOneOf(std::vector<std::string> names) { return exactly_one_of_ = std::move(names), *this; }

  const std::string& name() const { return name_; }
  const std::vector<Field<T>>& fields() const { return fields_; }

  // Reads every field; unknown, missing and null ones are errors.
  bool Decode(const Cursor& at, T& out) const {
    if (!ExpectMap(at)) return false;
    bool good = true;
    for (const yaml::Entry& entry : at.node.entries) good = DecodeField(at, entry, out) && good;
    for (const Field<T>& field : fields_)
      if (field.info.required && at.node.Find(field.info.name) == nullptr)
        ReportMissing(at, field.info.name), good = false;
    return (exactly_one_of_.empty() || CheckExactlyOne(at, exactly_one_of_)) && good;
  }

  yaml::Node Encode(const T& record) const {
    yaml::Node node = yaml::Node::Map();
    for (const Field<T>& field : fields_)
      if (auto value = field.encode(record)) node.Add(field.info.name, *std::move(value));
    return node;
  }

  // A reference to this record's definition, which it adds.
  yaml::Node Schema(Definitions& definitions) const {
    if (definitions.find(name_) == definitions.end()) {
      Definition& definition = definitions[name_];
      definition.name = name_;
      std::vector<std::pair<FieldInfo, yaml::Node>> properties;
      for (const Field<T>& f : fields_) {
        properties.emplace_back(f.info, FieldSchema(f.info, f.schema_default, f.schema(definitions)));
        if (!f.included) definition.fields.push_back(f.info);
      }
      definition.schema = RecordSchema(description_, properties, exactly_one_of_);
    }
    return JsonObject({{"$ref", JsonText(absl::StrCat("#/definitions/", name_))}});
  }

 private:
  Field<T>& Last() { return fields_.back(); }

  static bool IsEmpty(const yaml::Node& node) {
    return !node.is_null() && node.text.empty() && node.entries.empty() && node.items.empty();
  }

  bool DecodeField(const Cursor& at, const yaml::Entry& entry, T& out) const {
    for (const Field<T>& field : fields_) {
      if (field.info.name != entry.key) continue;
      const Cursor value = at.Field(entry);
      return ExpectValue(value) && field.decode(value, out);
    }
    std::vector<std::string> known;
    for (const Field<T>& field : fields_) known.push_back(field.info.name);
    ReportUnknownKey(at, entry, known);
    return false;
  }

  std::string name_, description_;
  std::vector<Field<T>> fields_;
  std::vector<std::string> exactly_one_of_;
};

// The codec of a record that is a field.
template <typename T>
Codec<T> Object(Record<T> record) {
  const auto shared = std::make_shared<const Record<T>>(std::move(record));
  return {shared->name(), [shared](Definitions& definitions) { return shared->Schema(definitions); },
          [shared](const Cursor& at, T& out) { return shared->Decode(at, out); },
          [shared](const T& value) { return shared->Encode(value); }};
}

}  // namespace spacelet::config
