#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define SPACELET_CONCAT_INNER_(a, b) a##b
#define SPACELET_CONCAT_(a, b) SPACELET_CONCAT_INNER_(a, b)

// Returns from the function when `expr` (absl::Status) is not OK.
#define RETURN_IF_ERROR(expr)                                         \
  do {                                                                \
    if (absl::Status status_ = (expr); !status_.ok()) return status_; \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): x = *F(), or returns F()'s status.
#define ASSIGN_OR_RETURN(lhs, expr) ASSIGN_OR_RETURN_INNER_(SPACELET_CONCAT_(status_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_INNER_(tmp, lhs, expr)  \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  lhs = *std::move(tmp)
