// What is wrong with a document, and where.
#pragma once

#include <string>
#include <vector>

namespace spacelet::config {

enum class Severity { kError, kWarning };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string file;
  int line = 0, column = 0;  // 1-based; 0: the whole file
  std::string path;          // "spec.delegate.resources.memory"; empty: the whole document
  std::string message;       // one line, safe for a terminal
  std::string suggestion;    // "did you mean memory?"; may be empty
  bool operator==(const Diagnostic&) const = default;
};

// "FILE:LINE:COLUMN: spec.delegate.resources.memory: what is wrong (did you mean …?)"; warnings begin with
// "warning: " after the place. One line each, in file order.
std::string ToText(const Diagnostic& diagnostic);
std::string ToText(const std::vector<Diagnostic>& diagnostics);

}  // namespace spacelet::config
