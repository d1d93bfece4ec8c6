// One object of the page: what is declared, what is there, what differs and why. Pure.
#pragma once

#include "pkg/httpserver/node.h"
#include "pkg/report/status.h"

namespace spacelet::httpserver {

Node ObjectSection(const report::ObjectStatus& object);

// What is said of a condition besides itself.
struct ConditionContext {
  bool told = false;  // its message stands elsewhere
  bool busy = false;  // that it is False is being worked on
};
// A condition with its mark and, where they say more, its reason, since when, and its message.
Node ConditionItem(const report::Condition& condition, ConditionContext context = {});

}  // namespace spacelet::httpserver
