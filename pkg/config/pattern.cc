#include "pkg/config/pattern.h"

#include <mutex>
#include <regex>
#include <utility>

#include "pkg/config/notation.h"

namespace spacelet::config {

struct Pattern::Compiled {
  std::string expression;
  std::once_flag once;
  std::regex regex;
};

Pattern::Pattern(std::string expression) : compiled_(std::make_shared<Compiled>()) {
  compiled_->expression = std::move(expression);
}

const std::string& Pattern::expression() const { return compiled_->expression; }

bool Pattern::Matches(const std::string& text) const {
  std::call_once(compiled_->once, [this] { compiled_->regex = compiled_->expression; });
  return config::Matches(text, compiled_->regex);
}

}  // namespace spacelet::config
