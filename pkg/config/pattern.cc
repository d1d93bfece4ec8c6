#include "pkg/config/pattern.h"

#include <re2/re2.h>

#include <mutex>
#include <optional>
#include <utility>

namespace spacelet::config {

struct Pattern::Lazy {
  const RE2& Compiled() {
    std::call_once(once, [this] { compiled.emplace(expression, RE2::Quiet); });
    return *compiled;
  }

  std::string expression;
  std::once_flag once;
  std::optional<RE2> compiled;
};

Pattern::Pattern(std::string expression) : lazy_(std::make_shared<Lazy>()) {
  lazy_->expression = std::move(expression);
}

const std::string& Pattern::expression() const { return lazy_->expression; }

bool Pattern::valid() const { return lazy_->Compiled().ok(); }

bool Pattern::Matches(const std::string& text) const { return RE2::FullMatch(text, lazy_->Compiled()); }

}  // namespace spacelet::config
