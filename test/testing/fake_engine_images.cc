// Images of FakeEngine: names and what they mean, the registry, archives, removal as moby's ImageDelete does
// it.
#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/base/status_macros.h"
#include "test/testing/fake_engine.h"

namespace spacelet::testing {
namespace {

constexpr char kArchiveMark[] = "fake docker save";
constexpr char kDeadRegistry[] = "127.0.0.1:1";

bool IsDigest(const std::string& name) { return absl::StrContains(name, '@'); }

// "host:5000/a/b" of "host:5000/a/b:1" and of "host:5000/a/b@sha256:…".
std::string RepositoryOf(const std::string& name) {
  const std::string untagged = name.substr(0, name.find('@'));
  const size_t colon = untagged.rfind(':');
  const bool tagged = colon != std::string::npos && untagged.find('/', colon) == std::string::npos;
  return tagged ? untagged.substr(0, colon) : untagged;
}

// The familiar name; one with a digest means the digest, whatever its tag.
std::string Canonical(const std::string& full_reference) {
  static constexpr absl::string_view kHub = "docker.io/library/";
  const std::string reference =
      absl::StartsWith(full_reference, kHub) ? full_reference.substr(kHub.size()) : full_reference;
  const size_t at = reference.find('@');
  if (at != std::string::npos) return absl::StrCat(RepositoryOf(reference), reference.substr(at));
  if (absl::StartsWith(reference, "sha256:") || RepositoryOf(reference) != reference) return reference;
  return absl::StrCat(reference, ":latest");
}

// The manifest's digest is another number than the image's id, which is its configuration's.
std::string DigestOf(const std::string& image_id) {
  const std::string hex = image_id.substr(image_id.find(':') + 1);
  return absl::StrCat("sha256:", std::string(hex.rbegin(), hex.rend()));
}

std::string DigestName(const std::string& reference, const std::string& image_id) {
  return absl::StrCat(RepositoryOf(reference), "@", DigestOf(image_id));
}

}  // namespace

std::string FakeEngine::Publish(const std::string& reference, const ImageProfile& profile) {
  const std::string id = absl::StrCat("sha256:", NewId());
  known_images_[id] = profile;
  PutIntoRegistry(reference, id);
  return id;
}

// A manifest stays there by its digest when the tag moves on.
void FakeEngine::PutIntoRegistry(const std::string& reference, const std::string& image_id) {
  registry_[Canonical(reference)] = image_id;
  registry_[DigestName(reference, image_id)] = image_id;
}

void FakeEngine::Unpublish(const std::string& reference) { registry_.erase(Canonical(reference)); }

std::string FakeEngine::Seed(const std::string& reference, const ImageProfile& profile) {
  std::string id = Publish(reference, profile);
  Pull(reference).IgnoreError();
  return id;
}

absl::StatusOr<std::string> FakeEngine::AskRegistry(const std::string& reference) const {
  if (absl::StartsWith(reference, absl::StrCat(kDeadRegistry, "/")))
    return Refuse(500, absl::StrCat("Get \"http://", kDeadRegistry, "/v2/\": dial tcp ", kDeadRegistry,
                                    ": connect: connection refused"));
  const auto found = registry_.find(Canonical(reference));
  if (found != registry_.end()) return found->second;
  return Refuse(404,
                absl::StrCat("manifest for ", reference, " not found: manifest unknown: manifest unknown"));
}

absl::Status FakeEngine::Pull(const std::string& reference) {
  ASSIGN_OR_RETURN(const std::string id, AskRegistry(reference));
  tags_[Canonical(reference)] = id;
  tags_[DigestName(reference, id)] = id;
  images_[id] = known_images_.at(id);
  Emit("image", "pull", reference, {{"name", reference}});
  return absl::OkStatus();
}

absl::StatusOr<std::string> FakeEngine::DistributionDigest(const std::string& reference) const {
  ASSIGN_OR_RETURN(const std::string id, AskRegistry(reference));
  return DigestOf(id);
}

absl::Status FakeEngine::Push(const std::string& reference) {
  ASSIGN_OR_RETURN(const docker::Image image, InspectImage(reference));
  PutIntoRegistry(reference, image.id);
  tags_[DigestName(reference, image.id)] = image.id;
  return absl::OkStatus();
}

absl::Status FakeEngine::Tag(const std::string& reference, const std::string& new_reference) {
  ASSIGN_OR_RETURN(const docker::Image image, InspectImage(reference));
  tags_[Canonical(new_reference)] = image.id;
  return absl::OkStatus();
}

absl::StatusOr<std::string> FakeEngine::Save(const std::string& reference) const {
  ASSIGN_OR_RETURN(const docker::Image image, InspectImage(reference));
  return absl::StrCat(kArchiveMark, "\n", image.id, "\n", Canonical(reference));
}

absl::Status FakeEngine::Load(const std::string& archive) {
  const std::vector<std::string> lines = absl::StrSplit(archive, '\n');
  if (lines.size() != 3 || lines[0] != kArchiveMark || !known_images_.contains(lines[1]))
    return Refuse(400, "archive/tar: invalid tar header");
  images_[lines[1]] = known_images_.at(lines[1]);
  tags_[lines[2]] = lines[1];
  Emit("image", "load", lines[1], {{"name", lines[2]}});
  return absl::OkStatus();
}

absl::StatusOr<docker::Image> FakeEngine::InspectImage(const std::string& reference) const {
  const auto tag = tags_.find(Canonical(reference));
  const auto found = images_.find(tag == tags_.end() ? reference : tag->second);
  if (found == images_.end()) return Refuse(404, absl::StrCat("No such image: ", reference));
  docker::Image image;
  image.id = found->first;
  image.os = found->second.os;
  image.architecture = found->second.architecture;
  image.size = found->second.size;
  for (const auto& [name, id] : tags_) {
    if (id == image.id) (IsDigest(name) ? image.repo_digests : image.repo_tags).push_back(name);
  }
  return image;
}

std::vector<docker::Image> FakeEngine::Images() const {
  std::vector<docker::Image> images;
  for (const auto& [id, profile] : images_) {
    images.push_back(*InspectImage(id));
    images.back().os.clear();
    images.back().architecture.clear();
  }
  return images;
}

std::vector<std::string> FakeEngine::NamesOf(const std::string& image_id) const {
  std::vector<std::string> names;
  for (const auto& [name, id] : tags_) {
    if (id == image_id) names.push_back(name);
  }
  return names;
}

// At most one tag, and all names in one repository: moby's isSingleReference.
bool FakeEngine::HasOneName(const std::string& image_id) const {
  const std::vector<std::string> names = NamesOf(image_id);
  const auto tags =
      std::count_if(names.begin(), names.end(), [](const auto& name) { return !IsDigest(name); });
  std::set<std::string> repositories;
  for (const std::string& name : names) repositories.insert(RepositoryOf(name));
  return tags <= 1 && repositories.size() <= 1;
}

absl::Status FakeEngine::RemoveImage(const std::string& reference) {
  ASSIGN_OR_RETURN(const docker::Image image, InspectImage(reference));
  const std::string name = Canonical(reference), short_id = image.id.substr(7, 12);
  const bool by_name = tags_.contains(name), one_name = HasOneName(image.id);
  const auto user = std::find_if(containers_.begin(), containers_.end(),
                                 [&](const auto& entry) { return entry.second.view.image_id == image.id; });
  if (one_name && user != containers_.end())
    return Refuse(409, absl::StrCat("conflict: unable to remove repository reference \"", reference,
                                    "\" (must force) - container ", user->first.substr(0, 12),
                                    " is using its referenced image ", short_id));
  if (!by_name && !one_name)
    return Refuse(409, absl::StrCat("conflict: unable to delete ", short_id,
                                    " (must be forced) - image is referenced in multiple repositories"));
  by_name
      ? RemoveName(name, image.id)
      : static_cast<void>(std::erase_if(tags_, [&](const auto& entry) { return entry.second == image.id; }));
  const bool gone = NamesOf(image.id).empty();
  if (gone) images_.erase(image.id);
  Emit("image", gone ? "delete" : "untag", image.id, {{"name", reference}});
  return absl::OkStatus();
}

// With the last tag of a repository its digests go as well.
void FakeEngine::RemoveName(const std::string& name, const std::string& image_id) {
  tags_.erase(name);
  if (IsDigest(name)) return;
  const std::string repository = RepositoryOf(name);
  const std::vector<std::string> left = NamesOf(image_id);
  if (std::any_of(left.begin(), left.end(),
                  [&](const auto& other) { return !IsDigest(other) && RepositoryOf(other) == repository; }))
    return;
  for (const std::string& other : left) {
    if (IsDigest(other) && RepositoryOf(other) == repository) tags_.erase(other);
  }
}

}  // namespace spacelet::testing
