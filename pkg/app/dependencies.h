// Whether what a workload waits for is ready, asked once: a one-shot command has no prober that has watched
// it.
#pragma once

#include <stop_token>

#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/probe/checker.h"

namespace spacelet::app {

// Asks each running container that another one depends on, all side by side, with its readiness probe (else
// its startup probe; without either it is ready), and fills in observed.facts. Blocks at most as long as the
// longest of these probes may take.
void AskDependencies(const desired::Host& desired, probe::Checker& checker, const std::stop_token& stop,
                     plan::ObservedState& observed);

}  // namespace spacelet::app
