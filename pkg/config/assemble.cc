#include "pkg/config/assemble.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pkg/base/digest.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/config/merge.h"
#include "pkg/config/notation.h"
#include "pkg/config/relative_path.h"
#include "pkg/config/scalars.h"

namespace spacelet::config {
namespace {

constexpr char kOverlays[] = "overlays";

// Visits every scalar with its path.
template <typename N, typename Visit>
void ForEachScalar(N& node, const std::string& path, const Visit& visit) {
  if (node.is_scalar()) visit(node, path);
  for (size_t i = 0; i < node.items.size(); ++i)
    ForEachScalar(node.items[i], absl::StrCat(path, "[", i, "]"), visit);
  for (auto& entry : node.entries) ForEachScalar(entry.value, Join(path, entry.key), visit);
}

std::string FactList() {
  return absl::StrCat("there are ", absl::StrJoin(kFactNames, ", ", [](std::string* out, const char* name) {
                        absl::StrAppend(out, "${host.", name, "}");
                      }));
}

// References to facts that there are not.
void CheckReferences(const yaml::Node& tree, Report& report) {
  const std::vector<std::string> known(kFactNames.begin(), kFactNames.end());
  ForEachScalar(tree, "", [&](const yaml::Node& node, const std::string& path) {
    for (const Piece& piece : SplitReferences(node.text)) {
      if (piece.kind == Piece::Kind::kPlain || IsFactName(piece.text)) continue;
      const bool broken = piece.kind == Piece::Kind::kBroken;
      const auto nearest = broken || piece.text.size() > 64 ? std::nullopt : base::Nearest(piece.text, known);
      const std::string shown = base::OneLine(piece.text, 60);
      report.Add(Severity::kError, PlaceOf(node), path,
                 broken ? absl::StrCat(shown, " begins no fact of the host")
                        : absl::StrCat("there is no ${host.", shown, "}"),
                 nearest  ? absl::StrCat("did you mean ${host.", *nearest, "}?")
                 : broken ? absl::StrCat(FactList(), "; $${host. is a plain ${host.")
                          : FactList());
    }
  });
}

// A fact is a text, whatever it looks like: a host may be called 123 or no.
std::optional<Diagnostic> SubstituteIn(yaml::Node& tree, const AskFact& ask, const Report& report,
                                       Facts& used) {
  std::optional<Diagnostic> unknown;
  ForEachScalar(tree, "", [&](yaml::Node& node, const std::string& path) {
    if (unknown || node.text.find('$') == std::string::npos) return;
    absl::StatusOr<std::string> text = Substitute(node.text, ask, used);
    if (!text.ok()) {
      unknown = report.Make(Severity::kError, PlaceOf(node), path, text.status().message());
      return;
    }
    node.quoted = node.quoted || *text != node.text;
    node.text = *std::move(text);
  });
  return unknown;
}

yaml::Node OverlaySchema() {
  yaml::Node path = TypedSchema("string");
  path.Add("description", JsonText("A path beside the document."));
  yaml::Node optional = TypedSchema("boolean");
  optional.Add("description", JsonText("That it is absent is no error."));
  optional.Add("default", yaml::Node::Plain("false"));
  yaml::Node map =
      JsonObject({{"type", JsonText("object")},
                  {"additionalProperties", yaml::Node::Plain("false")},
                  {"properties", JsonObject({{"path", std::move(path)}, {"optional", std::move(optional)}})},
                  {"required", yaml::Node::Sequence({JsonText("path")})}});
  return AnyOf({TypedSchema("string"), std::move(map)});
}

Record<Overlay> OverlayRecord() {
  Record<Overlay> record("overlay", "A file that is merged into the document.");
  record.Add("path", &Overlay::path, Text(), "Path beside the document.").Required();
  record.Add("optional", &Overlay::optional, Boolean(), "That it is absent is no error.").Default("false");
  return record;
}

// Why a text may be no YAML.
absl::string_view HintFor(absl::string_view bytes, const yaml::Error& error) {
  const std::vector<absl::string_view> lines = absl::StrSplit(bytes, '\n');
  const auto line = static_cast<size_t>(error.line);
  const bool refers = line > 0 && line <= lines.size() && absl::StrContains(lines[line - 1], "${host.");
  return refers ? "inside [ ] and { } a text with ${host.…} has to be quoted" : "";
}

// The place of an item's path, for diagnostics.
struct Named {
  Overlay overlay;
  Position place;
  std::string field;  // "overlays[0]"
};

class Assembler {
 public:
  Assembler(const Input& input, Report& report, Loaded& loaded)
      : input_(input), report_(report), loaded_(loaded) {}

  std::optional<yaml::Node> Run() {
    std::optional<yaml::Node> tree = Read(input_.bytes, 0);
    const bool is_whole = !report_.has_errors();
    if (!tree || tree->is_null()) return std::nullopt;
    if (tree->is_map()) {
      const std::vector<Named> overlays = TakeOverlays(*tree);
      const bool list_is_good = report_.has_errors() == !is_whole;
      // What is not merged would be reported as missing.
      if (!list_is_good || (!overlays.empty() && !is_whole)) return std::nullopt;
      if (!MergeAll(overlays, *tree)) return std::nullopt;
    }
    return Substituted(*std::move(tree));
  }

 private:
  std::optional<yaml::Node> Read(absl::string_view bytes, int file) {
    yaml::Parsed parsed = yaml::Parse(bytes, file);
    for (const yaml::Error& error : parsed.errors)
      report_.Add(Severity::kError, {error.line, error.column, file}, "", error.message,
                  parsed.root ? "" : HintFor(bytes, error));
    if (parsed.root) CheckReferences(*parsed.root, report_);
    return std::move(parsed.root);
  }

  // The list, which is taken out of the tree.
  std::vector<Named> TakeOverlays(yaml::Node& tree) {
    const auto entry = std::find_if(tree.entries.begin(), tree.entries.end(),
                                    [](const yaml::Entry& e) { return e.key == kOverlays; });
    if (entry == tree.entries.end()) return {};
    const yaml::Entry taken = std::move(*entry);
    tree.entries.erase(entry);
    std::vector<Overlay> overlays;
    const Cursor list = Cursor{tree, "", report_}.Field(taken);
    if (!ExpectValue(list) || !OverlayList().decode(list, overlays)) return {};
    if (overlays.size() > kMostOverlays)
      list.Error(absl::StrCat("has ", overlays.size(), " overlays: at most ", kMostOverlays, " are allowed"));
    std::vector<Named> out;
    for (size_t i = 0; i < overlays.size(); ++i) {
      const yaml::Node& item = taken.value.items[i];
      const yaml::Node* path = item.is_map() ? item.Find("path") : &item;
      out.push_back({overlays[i], PlaceOf(*path), absl::StrCat(kOverlays, "[", i, "]")});
    }
    return out;
  }

  // Whether all of them are in the tree.
  bool MergeAll(const std::vector<Named>& overlays, yaml::Node& tree) {
    for (const Named& named : overlays)
      if (!MergeOne(named, tree)) return false;
    return overlays.empty() || !report_.has_errors();
  }

  // False: nothing more can be said, since something is not there now.
  bool MergeOne(const Named& named, yaml::Node& tree) {
    const absl::StatusOr<std::string> path = PathOf(named);
    if (!path.ok()) return !loaded_.not_now;
    const absl::StatusOr<std::string> bytes = ReadOverlay(named, *path);
    if (!bytes.ok()) return !loaded_.not_now;
    const int file = report_.AddFile(NameBeside(input_.file_name, *path));
    std::optional<yaml::Node> overlay = Read(*bytes, file);
    if (!overlay || !IsPartialDocument(*overlay)) return true;
    tree = Merge(std::move(tree), *overlay, report_);
    return true;
  }

  void Refuse(const Named& named, absl::string_view message) {
    report_.Add(Severity::kError, named.place, named.field, message);
  }

  absl::StatusOr<std::string> PathOf(const Named& named) {
    const absl::StatusOr<std::string> text = Substitute(named.overlay.path, input_.fact, loaded_.facts);
    if (!text.ok()) {
      loaded_.not_now = report_.Make(Severity::kError, named.place, named.field, text.status().message());
      return text.status();
    }
    absl::StatusOr<std::string> path = NormalizeRelativePath(*text);
    if (!path.ok()) Refuse(named, absl::StrCat(Shown(*text), " ", path.status().message()));
    return path;
  }

  // NotFound is reported, unless the overlay is optional.
  absl::StatusOr<std::string> ReadOverlay(const Named& named, const std::string& path) {
    if (!input_.read) {
      Refuse(named, absl::StrCat(Shown(path), " cannot be read: there are no files beside this document"));
      return absl::NotFoundError("");
    }
    absl::StatusOr<std::string> bytes = input_.read(path);
    if (absl::IsAborted(bytes.status())) {
      loaded_.is_changing = true;
      loaded_.not_now = report_.Make(Severity::kError, named.place, named.field, bytes.status().message());
    } else if (absl::IsNotFound(bytes.status())) {
      if (!named.overlay.optional)
        Refuse(named, absl::StrCat(NameBeside(input_.file_name, path), " is not there; {path: ", path,
                                   ", optional: true} would allow it"));
    } else if (!bytes.ok()) {
      Refuse(named, absl::StrCat(Shown(path), " cannot be read: ", bytes.status().message()));
    }
    if (!bytes.ok()) return bytes;
    total_ += bytes->size();
    if (total_ > kMostOverlayBytes) {
      Refuse(named, "the overlays have more than 1 MiB together");
      return absl::OutOfRangeError("");
    }
    loaded_.files[path] = *bytes;
    return bytes;
  }

  bool IsPartialDocument(const yaml::Node& overlay) {
    if (!overlay.is_map()) {
      if (!overlay.is_null())
        report_.Add(
            Severity::kError, PlaceOf(overlay), "",
            absl::StrCat("expected a part of a document, such as spec, found ", yaml::Describe(overlay)));
      return false;
    }
    for (const yaml::Entry& entry : overlay.entries)
      if (entry.key == kOverlays)
        report_.Add(Severity::kError, PlaceOfKey(entry), kOverlays, "an overlay has no overlays of its own",
                    "name them all in the document");
    return overlay.Find(kOverlays) == nullptr;
  }

  std::optional<yaml::Node> Substituted(yaml::Node tree) {
    loaded_.merged = tree;
    loaded_.not_now = SubstituteIn(tree, input_.fact, report_, loaded_.facts);
    return loaded_.not_now ? std::nullopt : std::optional(std::move(tree));
  }

  const Input& input_;
  Report& report_;
  Loaded& loaded_;
  size_t total_ = 0;
};

}  // namespace

Codec<std::vector<Overlay>> OverlayList() {
  const auto record = std::make_shared<const Record<Overlay>>(OverlayRecord());
  Codec<Overlay> item;
  item.type = "overlay";
  item.schema = [](Definitions&) { return OverlaySchema(); };
  item.decode = [record, text = Text()](const Cursor& at, Overlay& out) {
    return at.node.is_map() ? record->Decode(at, out) : text.decode(at, out.path);
  };
  item.encode = [](const Overlay& overlay) { return yaml::Node::Text(overlay.path); };
  return ListOf(std::move(item));
}

std::optional<yaml::Node> Assemble(const Input& input, Report& report, Loaded& loaded) {
  return Assembler(input, report, loaded).Run();
}

void ResolvePool(const Input& input, api::Document& document, Report& report, Loaded& loaded) {
  if (!document.runner || !document.runner->pool || !document.runner->pool->file) return;
  std::string& file = *document.runner->pool->file;
  if (file.empty() || file.front() == '/') return;
  const auto refuse = [&](absl::string_view why) {
    report.AddAt(Severity::kError, "spec.runner.pool.file", absl::StrCat(Shown(file), " ", why));
  };
  const absl::StatusOr<std::string> path = NormalizeRelativePath(file);
  if (!path.ok()) return refuse(path.status().message());
  if (!input.directory.empty()) {
    file = absl::StrCat(input.directory == "/" ? "" : input.directory, "/", *path);
    return;
  }
  if (!input.read) return refuse("is no absolute path, and there are no files beside this document");
  const absl::StatusOr<std::string> bytes = input.read(*path);
  loaded.is_changing = absl::IsAborted(bytes.status());
  if (!bytes.ok()) {
    refuse(absl::StrCat("cannot be read beside the document: ", bytes.status().message()));
  } else if (bytes->size() > yaml::kMaxBytes || !base::IsValidUtf8(*bytes)) {
    refuse("is larger than 1 MiB, or no UTF-8");
  } else {
    file = *path;
    loaded.files[*path] = *bytes;
  }
}

std::string RevisionOf(absl::string_view bytes, const Files& files) {
  if (files.empty()) return absl::StrCat("sha256:", base::Sha256Hex(bytes));
  std::string list = absl::StrCat(base::Sha256Hex(bytes), "  .\n");
  for (const auto& [path, content] : files)
    absl::StrAppend(&list, base::Sha256Hex(content), "  ", path, "\n");
  return absl::StrCat("sha256:", base::Sha256Hex(list));
}

}  // namespace spacelet::config
