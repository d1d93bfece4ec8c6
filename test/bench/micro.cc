// What a look at the host does in pure code, with 3, 30 and 300 objects: per object it should cost the same.
// hack/bench micro builds, runs and tabulates it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/config/load.h"
#include "pkg/desired/compile.h"
#include "pkg/docker/decode.h"
#include "pkg/plan/plan.h"
#include "pkg/plan/text.h"
#include "pkg/report/conditions.h"
#include "pkg/report/metrics.h"
#include "pkg/report/status_board.h"
#include "pkg/report/status_json.h"
#include "test/testing/fake_json.h"
#include "test/testing/scenario.h"

namespace spacelet {
namespace {

constexpr char kHead[] =
    "apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: bench}\nspec:\n  containers:\n";

// As people write them: a handful of settings each.
std::string Document(int64_t containers, int tag = 1) {
  std::string text = kHead;
  for (int64_t i = 0; i < containers; ++i)
    absl::StrAppend(&text, "    - name: box-", i, "\n      image: registry.example/team/box:", tag,
                    "\n      env: {LEVEL: info, SHARD: \"", i, "\", REGION: us-west1}\n      ports: [\"",
                    10'000 + i, ":8080\"]\n      volumes: [\"/srv/", i,
                    ":/data\"]\n      resources: {cpus: 1, memory: 512Mi}\n"
                    "      readinessProbe: {httpGet: {path: /ready, port: 8080}}\n");
  return text;
}

api::Document Loaded(int64_t containers, int tag = 1) {
  return *config::Load(Document(containers, tag), "host.yaml", testing::ScenarioTime()).document;
}

desired::Host Compiled(const api::Document& document) {
  return desired::Compile({document, "sha256:0123", 1, {}}).host;
}

desired::Host HostOf(int64_t containers, int tag = 1) { return Compiled(Loaded(containers, tag)); }

void EachObject(benchmark::State& state) {
  using benchmark::Counter;
  state.SetComplexityN(state.range(0));
  state.counters["each"] =
      Counter(static_cast<double>(state.range(0)), Counter::kIsIterationInvariantRate | Counter::kInvert);
}

void Parse(benchmark::State& state) {
  const std::string text = Document(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(config::Load(text, "host.yaml", testing::ScenarioTime()));
  EachObject(state);
}

void Compile(benchmark::State& state) {
  const api::Document document = Loaded(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(Compiled(document));
  EachObject(state);
}

void SpecHash(benchmark::State& state) {
  const desired::Host host = HostOf(state.range(0));
  for (auto _ : state)
    for (const desired::Container& c : host.containers) benchmark::DoNotOptimize(desired::SpecHash(c));
  EachObject(state);
}

void DecodeInspect(benchmark::State& state) {
  std::vector<std::string> bodies;
  for (const docker::Container& c : testing::Converged(HostOf(state.range(0))).containers)
    bodies.push_back(testing::ToJson(c).dump());
  for (auto _ : state)
    for (const std::string& body : bodies) benchmark::DoNotOptimize(docker::DecodeContainer(body));
  EachObject(state);
}

void DecodeList(benchmark::State& state) {
  nlohmann::json rows = nlohmann::json::array();
  for (const docker::Container& c : testing::Converged(HostOf(state.range(0))).containers) {
    docker::ContainerSummary row;
    row.id = c.id;
    row.name = c.name;
    row.image = c.image;
    row.labels = c.labels;
    row.ports = c.ports;
    rows.push_back(testing::ToJson(row));
  }
  const std::string body = rows.dump();
  for (auto _ : state) benchmark::DoNotOptimize(docker::DecodeContainerList(body));
  EachObject(state);
}

void PlanOf(benchmark::State& state, const desired::Host& host, const plan::ObservedState& now) {
  for (auto _ : state) benchmark::DoNotOptimize(plan::Compute(host, now));
  EachObject(state);
}

void PlanInSync(benchmark::State& state) {
  const desired::Host host = HostOf(state.range(0));
  PlanOf(state, host, testing::Converged(host));
}

void PlanFromNothing(benchmark::State& state) {
  plan::ObservedState nothing;
  nothing.taken_at = testing::ScenarioTime();
  PlanOf(state, HostOf(state.range(0)), nothing);
}

void PlanReplacements(benchmark::State& state) {
  plan::ObservedState now = testing::Converged(HostOf(state.range(0)));
  const desired::Host host = HostOf(state.range(0), 2);
  PlanOf(state, host, now);
}

void PlanText(benchmark::State& state) {
  plan::ObservedState nothing;
  const plan::Plan plan = plan::Compute(HostOf(state.range(0)), nothing);
  for (auto _ : state) benchmark::DoNotOptimize(plan::ToText(plan));
  EachObject(state);
}

report::ObjectStatus StatusOf(const std::string& name, const std::string& state) {
  report::ObjectStatus object;
  object.object = plan::ContainerKey(name);
  object.component = name;
  object.state = state;
  for (const char* type : {api::kSynced, api::kReady})
    object.conditions.push_back({type, report::Truth::kTrue, "InSync", "", {}});
  return object;
}

// Every object changes once.
void StatusBoard(benchmark::State& state) {
  const desired::Host host = HostOf(state.range(0));
  report::StatusBoard board(base::RealClock(), nullptr, "1.0");
  int round = 0;
  for (auto _ : state) {
    ++round;
    for (const desired::Container& c : host.containers)
      board.SetObject(StatusOf(c.name, absl::StrCat("running ", round)));
  }
  EachObject(state);
}

void StatusJson(benchmark::State& state) {
  report::StatusBoard board(base::RealClock(), nullptr, "1.0");
  for (const desired::Container& c : HostOf(state.range(0)).containers)
    board.SetObject(StatusOf(c.name, "running"));
  for (auto _ : state) benchmark::DoNotOptimize(report::ToJson(board.Snapshot()));
  EachObject(state);
}

void MetricsText(benchmark::State& state) {
  report::Metrics metrics(base::RealClock(), "1.0", "");
  for (const desired::Container& c : HostOf(state.range(0)).containers)
    metrics.ObjectKnown(plan::ContainerKey(c.name));
  for (auto _ : state) benchmark::DoNotOptimize(metrics.Render());
  EachObject(state);
}

double Least(const std::vector<double>& times) { return *std::min_element(times.begin(), times.end()); }
double Most(const std::vector<double>& times) { return *std::max_element(times.begin(), times.end()); }

void Sizes(benchmark::internal::Benchmark* one) {
  one->Arg(3)->Arg(30)->Arg(300)->Complexity()->Unit(benchmark::kMicrosecond);
  one->ComputeStatistics("min", Least)->ComputeStatistics("max", Most);
}

BENCHMARK(Parse)->Apply(Sizes);
BENCHMARK(Compile)->Apply(Sizes);
BENCHMARK(SpecHash)->Apply(Sizes);
BENCHMARK(DecodeInspect)->Apply(Sizes);
BENCHMARK(DecodeList)->Apply(Sizes);
BENCHMARK(PlanInSync)->Apply(Sizes);
BENCHMARK(PlanFromNothing)->Apply(Sizes);
BENCHMARK(PlanReplacements)->Apply(Sizes);
BENCHMARK(PlanText)->Apply(Sizes);
BENCHMARK(StatusBoard)->Apply(Sizes);
BENCHMARK(StatusJson)->Apply(Sizes);
BENCHMARK(MetricsText)->Apply(Sizes);

}  // namespace
}  // namespace spacelet

BENCHMARK_MAIN();
