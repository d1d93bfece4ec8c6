#include "pkg/pool/pool.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/digest.h"
#include "pkg/base/text.h"
#include "pkg/pool/canonical.h"
#include "pkg/pool/checker.h"
#include "pkg/pool/schema.h"

namespace spacelet::pool {
namespace {

using FileExists = std::function<bool(const std::string& container_path)>;

// Google takes the name as key and as value of a label on each VM.
bool IsGoogleLabel(absl::string_view name) {
  const auto allowed = [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 63 && absl::ascii_islower(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return allowed(static_cast<unsigned char>(c)); });
}

std::optional<std::string> OtherNameOf(absl::string_view type) {
  if (type == "aws" || type == "ec2") return "amazon";
  if (type == "gcp" || type == "gce") return "google";
  return base::Nearest(type, DriverTypes());
}

// The rules of one pool; what fields exist and of which type is the schema's.
class Linter {
 public:
  explicit Linter(const FileExists& file_exists) : file_exists_(file_exists) {}

  std::vector<Problem> Lint(const yaml::Node& root) {
    const Place top{root, ""};
    if (checker_.CheckMap(top, RootFields())) CheckInstances(top);
    return checker_.TakeInFileOrder();
  }

 private:
  void CheckInstances(const Place& top) {
    const yaml::Node* instances = top.Child("instances");
    if (instances == nullptr)
      return checker_.Error(top, "instances is missing: the runner would have no pool");
    const Place place = top.At("instances", *instances);
    if (!instances->is_sequence()) return checker_.Error(place, "must be a list of pools");
    if (instances->items.empty()) checker_.Error(place, "is empty: the runner would have no pool");
    for (size_t i = 0; i < instances->items.size(); ++i)
      CheckInstance({instances->items[i], absl::StrCat("instances[", i, "]")});
  }

  void CheckInstance(const Place& instance) {
    if (!checker_.CheckMap(instance, InstanceFields())) return;
    const std::string type = checker_.Text(instance, "type");
    CheckName(instance, type);
    CheckSizes(instance);
    CheckPlatform(instance, type);
    const Driver* driver = CheckType(instance, type);
    CheckTenants(instance, driver);
    const yaml::Node* spec = instance.Child("spec");
    if (spec == nullptr)
      return checker_.Error(instance, "spec is missing: the runner does not start without it");
    if (driver != nullptr) CheckSpec(instance.At("spec", *spec), *driver);
  }

  void CheckName(const Place& instance, absl::string_view type) {
    const yaml::Node* node = instance.Child("name");
    if (node == nullptr) return checker_.Error(instance, "name is missing");
    const std::string name = checker_.Text(instance, "name");
    const Place place = instance.At("name", *node);
    if (node->is_scalar() && node->text.empty()) return checker_.Error(place, "must not be empty");
    if (name.empty()) return;
    if (auto [first, is_new] = names_.emplace(name, node->line); !is_new)
      checker_.Error(place, absl::StrCat("pool \"", base::OneLine(name, 63), "\" is on line ", first->second,
                                         " already"));
    if (type == "google" && !IsGoogleLabel(name))
      checker_.Error(place,
                     "becomes a label of each VM: at most 63 of a-z, 0-9, _ and -, beginning with a letter");
  }

  const Driver* CheckType(const Place& instance, const std::string& type) {
    const yaml::Node* node = instance.Child("type");
    if (node == nullptr) checker_.Error(instance, "type is missing (amazon, google, …)");
    if (type.empty()) return nullptr;
    const Driver* driver = FindDriver(type);
    if (driver != nullptr) return driver;
    const std::optional<std::string> other = OtherNameOf(type);
    checker_.Error(instance.At("type", *node),
                   absl::StrCat("the runner has no driver \"", base::OneLine(type, 60), "\"",
                                other ? absl::StrCat(" (did you mean ", *other, "?)") : ""));
    return nullptr;
  }

  std::optional<int64_t> Number(const Place& instance, absl::string_view key) const {
    const yaml::Node* node = instance.Child(key);
    int64_t number = 0;
    if (node == nullptr || node->quoted || !absl::SimpleAtoi(node->text, &number)) return std::nullopt;
    return number;
  }

  void CheckSizes(const Place& instance) {
    const std::optional<int64_t> pool = Number(instance, "pool"), limit = Number(instance, "limit");
    if (pool && *pool < 0) checker_.Warning(instance.At("pool", *instance.Child("pool")), "counts as 0");
    if (limit && *limit <= 0)
      checker_.Warning(instance.At("limit", *instance.Child("limit")), "counts as 100");
    if (pool && limit && *limit > 0 && *pool > *limit)
      checker_.Warning(instance.At("pool", *instance.Child("pool")),
                       absl::StrCat("is above limit ", *limit, ", which the runner raises to ", *pool));
  }

  void CheckOneOf(const Place& platform, absl::string_view key, const std::vector<std::string>& allowed) {
    const std::string value = checker_.Text(platform, key);
    if (value.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
    std::string list = allowed[0];
    for (size_t i = 1; i < allowed.size(); ++i)
      absl::StrAppend(&list, i + 1 == allowed.size() ? " or " : ", ", allowed[i]);
    checker_.Error(platform.At(key, *platform.Child(key)), absl::StrCat("must be ", list));
  }

  void CheckPlatform(const Place& instance, absl::string_view type) {
    const yaml::Node* node = instance.Child("platform");
    if (node == nullptr || !node->is_map() || (type != "google" && type != "amazon")) return;
    const Place platform = instance.At("platform", *node);
    CheckOneOf(platform, "os",
               type == "amazon" ? std::vector<std::string>{"linux", "windows", "darwin"}
                                : std::vector<std::string>{"linux", "windows"});
    CheckOneOf(platform, "arch", {"amd64", "arm64"});
    if (type == "amazon") CheckOneOf(platform, "os_name", {"ubuntu", "amazon-linux"});
  }

  void CheckSpec(const Place& spec, const Driver& driver) {
    if (!driver.known_keys) {
      if (!spec.node.is_map()) return checker_.Error(spec, "must be a map");
      checker_.Warning(spec, absl::StrCat("the keys of type ", driver.type, " are not checked"));
      return;
    }
    if (!CheckKnownKeys(spec, driver)) return;
    if (driver.type == "google") CheckGoogle(spec);
    if (driver.type == "amazon") CheckAmazon(spec);
  }

  // What holds of a whole spec and of a tenant's part of one.
  bool CheckKnownKeys(const Place& spec, const Driver& driver) {
    if (!checker_.CheckMap(spec, driver.spec)) return false;
    for (const char* key : {"user_data_path", "user_data_Path"}) CheckFile(spec, key);
    const std::optional<Place> account = Account(spec);
    if (!account) return true;
    CheckFile(*account, "json_path");
    for (const char* key : {"access_key_secret", "aws_session_token"})
      if (const yaml::Node* secret = account->Child(key))
        checker_.Warning(account->At(key, *secret), "a secret in the pool; an instance profile needs none");
    return true;
  }

  // Overrides for some accounts; what a tenant's spec does not write is as in the pool's.
  void CheckTenants(const Place& instance, const Driver* driver) {
    const yaml::Node* node = instance.Child("tenants");
    if (node == nullptr || !node->is_sequence()) return;
    const Place tenants = instance.At("tenants", *node);
    if (driver != nullptr && driver->type != "google" && driver->type != "amazon")
      return checker_.Warning(tenants, absl::StrCat("is ignored for type ", driver->type));
    std::map<std::string, int> accounts;  // -> line
    for (size_t i = 0; i < node->items.size(); ++i) {
      const Place tenant{node->items[i], absl::StrCat(tenants.path, "[", i, "]")};
      if (!tenant.node.is_map()) continue;
      CheckAccounts(tenant, accounts);
      if (const yaml::Node* spec = tenant.Child("spec"); spec != nullptr && driver != nullptr)
        CheckKnownKeys(tenant.At("spec", *spec), *driver);
    }
  }

  void CheckAccounts(const Place& tenant, std::map<std::string, int>& accounts) {
    const yaml::Node* ids = tenant.Child("ids");
    if (ids == nullptr || (ids->is_sequence() && ids->items.empty())) {
      if (tenant.Child("group_id") == nullptr)
        checker_.Error(tenant, "ids is missing: the runner does not start without the tenant's accounts");
      return;
    }
    if (!ids->is_sequence()) return;  // reported as no list
    for (const yaml::Node& id : ids->items)
      if (auto [first, is_new] = accounts.emplace(id.text, id.line); !is_new)
        checker_.Error({id, tenant.path + ".ids"},
                       absl::StrCat("account \"", base::OneLine(id.text, 40), "\" is on line ", first->second,
                                    " already: the runner does not start with an account in two tenants"));
  }

  std::optional<Place> Account(const Place& spec) const {
    const yaml::Node* account = spec.Child("account");
    if (account == nullptr || !account->is_map()) return std::nullopt;
    return spec.At("account", *account);
  }

  void CheckGoogle(const Place& spec) {
    const std::optional<Place> account = Account(spec);
    if (!account || account->Child("project_id") == nullptr)
      checker_.Error(account.value_or(spec),
                     "account.project_id is missing: the runner asks for its regions at start");
    if (spec.Child("zone") == nullptr)
      checker_.Warning(spec, "no zone: VMs are made in us-central1-a unless the request names one");
    if (spec.Child("image") == nullptr)
      checker_.Warning(spec, "no image: the runner's default is ubuntu-1604 of 2017");
    if (const yaml::Node* size = spec.Child("size"))
      checker_.Warning(spec.At("size", *size), "is ignored for google: machine_type decides");
  }

  void CheckAmazon(const Place& spec) {
    const std::optional<Place> account = Account(spec);
    if (!account || account->Child("region") == nullptr)
      checker_.Warning(account.value_or(spec),
                       "no account.region: the runner needs AWS_REGION in its environment");
  }

  void CheckFile(const Place& place, absl::string_view key) {
    const std::string path = checker_.Text(place, key);
    if (path.empty()) return;
    const Place at = place.At(key, *place.Child(key));
    const std::string shown = base::OneLine(path, 200);
    if (path[0] != '/')
      return checker_.Error(
          at, absl::StrCat(shown, " is taken from / inside the runner's container: write /runner/",
                           shown.substr(shown.rfind('/') + 1), " and put the file there"));
    if (file_exists_ && !file_exists_(path))
      checker_.Error(
          at, absl::StrCat(shown, " is not in the runner's container: put it where its volume shows it"));
  }

  const FileExists& file_exists_;
  Checker checker_;
  std::map<std::string, int> names_;  // pool name -> line
};

std::vector<Problem> SyntaxProblems(const std::vector<yaml::Error>& errors) {
  std::vector<Problem> out;
  for (const yaml::Error& e : errors) out.push_back({true, e.line, e.column, "", e.message});
  return out;
}

}  // namespace

bool Linted::ok() const {
  return std::none_of(problems.begin(), problems.end(), [](const Problem& p) { return p.error; });
}

Linted Lint(absl::string_view yaml, const FileExists& file_exists) {
  Linted out;
  const yaml::Parsed parsed = yaml::Parse(yaml);
  if (!parsed.ok()) {
    out.problems = SyntaxProblems(parsed.errors);
    return out;
  }
  out.problems = Linter(file_exists).Lint(*parsed.root);
  if (!out.ok()) return out;
  out.canonical = Canonical(*parsed.root);
  out.hash = base::Sha256Hex(out.canonical);
  return out;
}

std::string ToText(const std::vector<Problem>& problems, absl::string_view file) {
  std::string out;
  for (const Problem& p : problems) {
    absl::StrAppend(&out, file, ":", p.line, ":", p.column, ": ", p.error ? "" : "warning: ");
    absl::StrAppend(&out, p.path, p.path.empty() ? "" : ": ", p.message, "\n");
  }
  return out;
}

}  // namespace spacelet::pool
