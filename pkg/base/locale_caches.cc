#include "pkg/base/locale_caches.h"

#include <climits>
#include <locale>

namespace spacelet::base {

void FillLocaleCaches() {
  const auto& characters = std::use_facet<std::ctype<char>>(std::locale::classic());
  for (int c = CHAR_MIN; c <= CHAR_MAX; ++c) {
    characters.narrow(static_cast<char>(c), '\0');
    characters.widen(static_cast<char>(c));
  }
}

}  // namespace spacelet::base
