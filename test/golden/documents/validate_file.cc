// validate_file TODAY FILE…: "valid FILE" or "invalid FILE" for each, then its diagnostics, indented.
// With --schema: the JSON Schema.
#include <fstream>
#include <iostream>
#include <sstream>

#include "pkg/config/load.h"

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "--schema") return std::cout << spacelet::config::JsonSchema(), 0;
  absl::Time today;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d", first, &today, &error)) return std::cerr << error << "\n", 2;
  for (int i = 2; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    const auto loaded = spacelet::config::Load(bytes.str(), argv[i], today);
    std::cout << (loaded.ok() ? "valid " : "invalid ") << argv[i] << "\n";
    for (const auto& diagnostic : loaded.diagnostics)
      std::cout << "  " << spacelet::config::ToText(diagnostic) << "\n";
  }
  return 0;
}
