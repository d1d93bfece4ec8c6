#include "absl/strings/str_cat.h"
#include "pkg/config/grammar.h"
#include "pkg/config/notation.h"
#include "pkg/config/scalars.h"
#include "pkg/schedule/window.h"

namespace spacelet::config {
namespace {

using api::Window;

// A text that `check` (absl::Status or absl::StatusOr) has nothing against.
template <typename Check>
Codec<std::string> Checked(Codec<std::string> text, Check check) {
  const auto decode = text.decode;
  text.decode = [decode, check](const Cursor& at, std::string& out) {
    if (!decode(at, out)) return false;
    const std::string wrong = check(out);
    if (!wrong.empty()) at.Error(wrong);
    return wrong.empty();
  };
  return text;
}

Codec<std::string> Schedule() {
  Codec<std::string> text = Text();
  text.type = "schedule";
  return Checked(std::move(text), [](const std::string& schedule) {
    const absl::Status status = schedule::Cron::Parse(schedule).status();
    return status.ok() ? "" : absl::StrCat(Shown(schedule), ": ", status.message());
  });
}

Codec<std::string> TimeZone() {
  Codec<std::string> text = Text();
  text.type = "time zone";
  return Checked(std::move(text), [](const std::string& zone) {
    return std::string(schedule::ParseZone(zone).status().message());
  });
}

Record<Window> WindowRecord() {
  Record<Window> record("window", "A maintenance window, with the names of a Kubernetes CronJob.");
  record
      .Add("schedule", &Window::schedule, Schedule(),
           "When it opens: minute, hour, day of the month, month, day of the week; lists, ranges, steps, "
           "names.")
      .Required()
      .Example("\"0 2 * * mon-fri\"");
  record.Add("duration", &Window::duration, Duration(), "How long it is open; 1m to 168h.")
      .Required()
      .Example("2h");
  record.Add("timeZone", &Window::time_zone, TimeZone(), "Whose clock the schedule is in; an IANA name.")
      .Default("UTC")
      .Example("America/Los_Angeles");
  return record;
}

}  // namespace

Record<api::Rollout> RolloutRecord() {
  using api::Rollout;
  Record<Rollout> record("rollout", "How a container is replaced.");
  record
      .Add("strategy", &Rollout::strategy,
           Enumeration<Rollout::Strategy>(
               {{"Recreate", Rollout::Strategy::kRecreate}, {"StartFirst", Rollout::Strategy::kStartFirst}}),
           "Recreate stops the old one first; StartFirst starts the new one beside it (not with ports, not "
           "for the runner).")
      .Default("Recreate");
  record
      .Add("progressDeadline", &Rollout::progress_deadline, Duration(),
           "The new one must be ready within this time.")
      .Default("10m");
  record
      .Add("minReadySeconds", &Rollout::min_ready_seconds, Integer(0, 86400),
           "It must stay ready for so long.")
      .Default("10");
  record
      .Add("autoRollback", &Rollout::auto_rollback, Boolean(),
           "Go back to the old one when the new one does not become ready.")
      .Default("true");
  record
      .Add("drainTimeout", &Rollout::drain_timeout, Duration(),
           "Wait for running work to end, where that can be seen (30m for the runner).")
      .Default("10m");
  record
      .Add("onDrainTimeout", &Rollout::on_drain_timeout,
           Enumeration<Rollout::OnDrainTimeout>(
               {{"Proceed", Rollout::OnDrainTimeout::kProceed}, {"Defer", Rollout::OnDrainTimeout::kDefer}}),
           "When work is still running then: replace it all the same, or try again later.")
      .Default("Proceed");
  record
      .Add("splay", &Rollout::splay, Duration(),
           "The hosts of a fleet begin a rollout spread over this time; at most 24h.")
      .Default("0s")
      .Example("30m");
  record
      .Add("windows", &Rollout::windows, ListOf(Object(WindowRecord())),
           "Maintenance windows: a rollout begins only in one of them; repairs do not wait.")
      .DefaultNote("always")
      .Example("[{schedule: \"0 2 * * 1-5\", duration: 2h, timeZone: America/Los_Angeles}]");
  return record;
}

}  // namespace spacelet::config
