#include "test/standin/settings.h"

#include <cstdlib>
#include <fstream>
#include <utility>

namespace spacelet::standin {
namespace {

std::string Trim(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::map<std::string, std::string> ReadFile(const std::string& path) {
  std::map<std::string, std::string> values;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t equals = line.find('=');
    if (line.empty() || line[0] == '#' || equals == std::string::npos) continue;
    values[Trim(line.substr(0, equals))] = Trim(line.substr(equals + 1));
  }
  return values;
}

std::string EnvironmentName(const std::string& key) {
  std::string name = "STANDIN_";
  for (const char c : key) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

// Where the image keeps its own settings; the tests of the stand-ins, which have no image, point elsewhere.
std::string ImageFile() {
  const std::string path = Settings::Environment("STANDIN_IMAGE_CONF");
  return path.empty() ? "/etc/standin.conf" : path;
}

}  // namespace

Settings::Settings(std::string control_file)
    : control_file_(std::move(control_file)), image_(ReadFile(ImageFile())) {}

std::string Settings::Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

std::string Settings::Text(const std::string& key, const std::string& fallback) const {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto it = posted_.find(key); it != posted_.end()) return it->second;
  }
  const std::map<std::string, std::string> control = ReadFile(control_file_);
  if (const auto it = control.find(key); it != control.end()) return it->second;
  if (const std::string value = Environment(EnvironmentName(key)); !value.empty()) return value;
  if (const auto it = image_.find(key); it != image_.end()) return it->second;
  return fallback;
}

double Settings::Seconds(const std::string& key, double fallback) const {
  return std::strtod(Text(key, std::to_string(fallback)).c_str(), nullptr);
}

int Settings::Int(const std::string& key, int fallback) const {
  return static_cast<int>(std::strtol(Text(key, std::to_string(fallback)).c_str(), nullptr, 10));
}

void Settings::Set(const std::string& key, const std::string& value) {
  const std::lock_guard<std::mutex> lock(mutex_);
  posted_[key] = value;
}

}  // namespace spacelet::standin
