// The regular expressions of the document's grammar.
#pragma once

#include <memory>
#include <string>

namespace spacelet::config {

// A regular expression (ECMA) that a whole text has to match. A value: copies share what was compiled.
//
// Compiled at the first use: std::regex takes up to half a millisecond for one, and of the grammar's dozens a
// document uses a few. Thread-safety: thread-safe.
class Pattern {
 public:
  // Requires: `expression` is valid; if not, the first use throws std::regex_error.
  explicit Pattern(std::string expression);

  const std::string& expression() const;

  // False for a text that is too long to be matched (notation.h), too.
  bool Matches(const std::string& text) const;

 private:
  struct Compiled;
  std::shared_ptr<Compiled> compiled_;
};

}  // namespace spacelet::config
