// Secret sources in one expression.
#pragma once

#include <string>
#include <vector>

#include "pkg/api/types.h"

namespace spacelet::secret {

inline api::SecretSource FromFile(const std::string& path) {
  api::SecretSource source;
  source.kind = api::SecretSource::Kind::kFile;
  source.file = path;
  return source;
}

inline api::SecretSource FromEnv(const std::string& name) {
  api::SecretSource source;
  source.kind = api::SecretSource::Kind::kEnv;
  source.env = name;
  return source;
}

inline api::SecretSource FromCommand(const std::vector<std::string>& argv) {
  api::SecretSource source;
  source.kind = api::SecretSource::Kind::kCommand;
  source.command = argv;
  return source;
}

inline api::SecretSource FromValue(const std::string& value) {
  api::SecretSource source;
  source.kind = api::SecretSource::Kind::kValue;
  source.value = value;
  return source;
}

}  // namespace spacelet::secret
