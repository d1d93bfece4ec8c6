#include "pkg/plan/text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "pkg/plan/diff.h"

namespace spacelet::plan {
namespace {

// Ids are 64 hexadecimal digits; people know their first twelve. Names are left as they are.
std::string Short(const std::string& id_or_name) {
  return id_or_name.size() == 64 && id_or_name.find_first_not_of("0123456789abcdef") == std::string::npos
             ? id_or_name.substr(0, 12)
             : id_or_name;
}

struct Namer {
  absl::string_view operator()(const PullImage&) const { return "PullImage"; }
  absl::string_view operator()(const LoadImage&) const { return "LoadImage"; }
  absl::string_view operator()(const CreateNetwork&) const { return "CreateNetwork"; }
  absl::string_view operator()(const RemoveNetwork&) const { return "RemoveNetwork"; }
  absl::string_view operator()(const ConnectNetwork&) const { return "ConnectNetwork"; }
  absl::string_view operator()(const DisconnectNetwork&) const { return "DisconnectNetwork"; }
  absl::string_view operator()(const CreateContainer&) const { return "CreateContainer"; }
  absl::string_view operator()(const CopyFiles&) const { return "CopyFiles"; }
  absl::string_view operator()(const StartContainer&) const { return "StartContainer"; }
  absl::string_view operator()(const StopContainer&) const { return "StopContainer"; }
  absl::string_view operator()(const KillContainer&) const { return "KillContainer"; }
  absl::string_view operator()(const RestartContainer&) const { return "RestartContainer"; }
  absl::string_view operator()(const RenameContainer&) const { return "RenameContainer"; }
  absl::string_view operator()(const UpdateContainer&) const { return "UpdateContainer"; }
  absl::string_view operator()(const UnpauseContainer&) const { return "UnpauseContainer"; }
  absl::string_view operator()(const RemoveContainer&) const { return "RemoveContainer"; }
  absl::string_view operator()(const RemoveImage&) const { return "RemoveImage"; }
  absl::string_view operator()(const CreateDirectory&) const { return "CreateDirectory"; }
  absl::string_view operator()(const WritePoolFile&) const { return "WritePoolFile"; }
  absl::string_view operator()(const RemovePoolFile&) const { return "RemovePoolFile"; }
  absl::string_view operator()(const CopyOutFile&) const { return "CopyOutFile"; }
  absl::string_view operator()(const PutBackFile&) const { return "PutBackFile"; }
};

struct Describer {
  std::string operator()(const PullImage& op) const { return op.reference; }
  std::string operator()(const LoadImage& op) const {
    return absl::StrCat(op.reference, " from ", op.archive);
  }
  std::string operator()(const CreateNetwork& op) const { return op.config.name; }
  std::string operator()(const RemoveNetwork& op) const { return absl::StrCat(op.name, " ", Short(op.id)); }
  std::string operator()(const ConnectNetwork& op) const {
    return absl::StrCat(Short(op.network), " <- ", Short(op.container));
  }
  std::string operator()(const DisconnectNetwork& op) const {
    return absl::StrCat(Short(op.network), " x ", Short(op.container));
  }
  std::string operator()(const CreateContainer& op) const {
    return absl::StrCat(op.request.name, " from ", op.request.config.image);
  }
  std::string operator()(const CopyFiles& op) const {
    return absl::StrCat(Short(op.container), " ", op.files.size(), op.files.size() == 1 ? " file" : " files");
  }
  std::string operator()(const StartContainer& op) const { return Short(op.container); }
  std::string operator()(const StopContainer& op) const {
    return absl::StrCat(Short(op.id), " within ", absl::FormatDuration(op.grace));
  }
  std::string operator()(const KillContainer& op) const { return Short(op.id); }
  std::string operator()(const RestartContainer& op) const { return Short(op.id); }
  std::string operator()(const RenameContainer& op) const {
    return absl::StrCat(Short(op.container), " -> ", op.new_name);
  }
  std::string operator()(const UpdateContainer& op) const { return Short(op.id); }
  std::string operator()(const UnpauseContainer& op) const { return Short(op.id); }
  std::string operator()(const RemoveContainer& op) const {
    return absl::StrCat(Short(op.id), op.volumes ? "" : ", its volumes stay");
  }
  std::string operator()(const RemoveImage& op) const { return op.reference; }
  std::string operator()(const CreateDirectory& op) const {
    return absl::StrFormat("%s mode %04o", op.path, op.mode);
  }
  std::string operator()(const WritePoolFile& op) const { return op.file.host_path; }
  std::string operator()(const RemovePoolFile& op) const { return op.path; }
  std::string operator()(const PutBackFile& op) const {
    return absl::StrCat(op.copy, " -> ", op.path, ", which becomes ", op.aside);
  }
  std::string operator()(const CopyOutFile& op) const {
    return absl::StrCat(Short(op.id), ":", op.container_path, " -> ", op.host_path);
  }
};

}  // namespace

absl::string_view Name(const Operation& operation) { return std::visit(Namer{}, operation); }
std::string Describe(const Operation& operation) { return std::visit(Describer{}, operation); }

std::string ToText(const Plan& plan) {
  std::string text;
  for (const Step& step : plan.steps) {
    absl::StrAppend(&text, step.object, "  ", Name(step.operation), " ", Describe(step.operation), "  (",
                    step.cause, step.waits ? "; waits" : "", ")\n");
    for (const Change& c : step.changes)
      absl::StrAppend(&text, "    ", c.field, ": ", c.from, " -> ", c.to, "\n");
  }
  for (const Waiting& w : plan.waiting)
    absl::StrAppend(&text, w.object, "  waits for ", w.for_what, " to be ", w.until, "  (", w.reason, ")\n");
  for (const Conflict& c : plan.conflicts) absl::StrAppend(&text, c.object, "  conflict: ", c.reason, "\n");
  for (const Notice& n : plan.notices)
    absl::StrAppend(&text, n.object, "  ", n.reason, ": ", n.message, "\n");
  return text;
}

}  // namespace spacelet::plan
