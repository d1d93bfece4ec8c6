// Hides what is, or looks like, a secret in texts that leave the host. What the known values cannot tell
// (secret::Redactor does those) is told by names and by shape: rather too much is hidden than too little.
// Pure and total.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace spacelet::bundle {

inline constexpr char kMask[] = "***";

// The names whose values were hidden, for the list of what is in the bundle.
using Hidden = std::set<std::string>;

// Docker's inspect of a container, a network or an image: variables, arguments, labels and fields with the
// name of a secret, and the variables in `secret_variables`. Indented; a text that is no JSON is not passed
// on.
std::string MaskInspect(absl::string_view json, const std::set<std::string>& secret_variables,
                        Hidden& hidden);

// The values of variables that are hidden there, in clear: for the redactor of everything else.
std::vector<std::string> SecretValuesIn(absl::string_view json,
                                        const std::set<std::string>& secret_variables);

// A document: `value`, `content` and user data, whatever stands under the name of a secret, arguments.
// Without comments. A text that is no YAML is not passed on.
std::string MaskDocument(absl::string_view yaml, Hidden& hidden);

// Lines that others wrote: NAME=value and "name": "value" where the name is a secret's, credentials in URLs
// and in Authorization headers, JSON web tokens, private keys.
std::string MaskText(absl::string_view text);

// "--token x", "--token=x", "TOKEN=x".
std::vector<std::string> MaskArguments(std::vector<std::string> words);

}  // namespace spacelet::bundle
