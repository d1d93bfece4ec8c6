// How a stand-in is steered: `key = value`, looked up at every use, the last of these wins: the image's
// /etc/standin.conf, the environment (STANDIN_KEY), a control file beside the program's data, POST
// /standin/set.
//
// Thread-safety: thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace spacelet::standin {

class Settings {
 public:
  // `control_file` may be absent, appear and change while the program runs.
  explicit Settings(std::string control_file);

  std::string Text(const std::string& key, const std::string& fallback) const;
  double Seconds(const std::string& key, double fallback) const;
  int Int(const std::string& key, int fallback) const;

  void Set(const std::string& key, const std::string& value);
  // Empty when there is no such variable.
  static std::string Environment(const std::string& name);

 private:
  const std::string control_file_;
  const std::map<std::string, std::string> image_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> posted_;
};

}  // namespace spacelet::standin
