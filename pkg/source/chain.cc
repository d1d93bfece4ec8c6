#include "pkg/source/chain.h"

#include <unistd.h>

#include <climits>
#include <deque>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace spacelet::source {
namespace {

constexpr int kMostHops = 40;  // Linux: MAXSYMLINKS

std::string Child(const std::string& directory, const std::string& name) {
  return directory == "/" ? absl::StrCat("/", name) : absl::StrCat(directory, "/", name);
}

std::string Parent(const std::string& directory) {
  const size_t slash = directory.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : directory.substr(0, slash);
}

std::string ReadLink(const std::string& path) {
  char buffer[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), buffer, sizeof(buffer));
  return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : "";
}

std::deque<std::string> Parts(const std::string& path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  return {parts.begin(), parts.end()};
}

}  // namespace

Chain Resolve(const std::string& path) {
  Chain chain;
  std::string at = "/";
  std::deque<std::string> todo = Parts(path);
  for (int hops = 0; !todo.empty() && hops <= kMostHops;) {
    const std::string name = todo.front();
    todo.pop_front();
    if (name == "." || name == "..") {
      if (name == "..") at = Parent(at);
      continue;
    }
    chain.names[at].insert(name);
    const std::string link = ReadLink(Child(at, name));
    if (link.empty()) {
      at = Child(at, name);
      continue;
    }
    ++hops;
    const std::deque<std::string> target = Parts(link);
    todo.insert(todo.begin(), target.begin(), target.end());
    if (link[0] == '/') at = "/";
  }
  chain.target = at;
  return chain;
}

}  // namespace spacelet::source
