// The regular expressions of the document's grammar.
#pragma once

#include <memory>
#include <string>

namespace spacelet::config {

// A regular expression that a whole text has to match. A value: copies share what was compiled.
//
// It is written in what RE2 and ECMA-262 have in common, since the JSON schema shows it to other readers.
// However long a text is, it is matched in a time that grows with it, and without recursion
// (docs/adr/0013-re2.md).
//
// Compiled at the first use: of the grammar's dozens a document uses a few. Thread-safety: thread-safe.
class Pattern {
 public:
  // Requires: `expression` is valid; if not, nothing matches.
  explicit Pattern(std::string expression);

  const std::string& expression() const;

  bool valid() const;
  bool Matches(const std::string& text) const;

 private:
  struct Lazy;
  std::shared_ptr<Lazy> lazy_;
};

}  // namespace spacelet::config
