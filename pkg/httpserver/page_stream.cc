#include "pkg/httpserver/page_stream.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/httpserver/page.h"

namespace spacelet::httpserver {
namespace {

constexpr char kRetryAfterSeconds[] = "30";

class Stream {
 public:
  Stream(const Sources& sources, std::shared_ptr<int> open) : sources_(sources), open_(std::move(open)) {
    ++*open_;
  }
  ~Stream() { --*open_; }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::string Next() {
    const base::Instant now = sources_.clock->Monotonic();
    std::string text;
    if (Changed())
      text = Update();
    else if (now - spoke_ >= kBeatEvery)
      text = "event: beat\ndata: \n\n";
    if (!text.empty()) spoke_ = now;
    return text;
  }

 private:
  // What it is compared with is read before what is told, so that no change falls between.
  bool Changed() {
    const uint64_t version = sources_.status_version();
    const std::vector<report::Event> events = sources_.events->Since(sequence_);
    if (told_ && version == version_ && events.empty()) return false;
    version_ = version;
    if (!events.empty()) sequence_ = events.back().sequence;
    return told_ = true;
  }

  std::string Update() {
    const report::Status status = sources_.status();
    const std::vector<report::Event> events = sources_.events->Since(0);
    return absl::StrCat("data: ", PageUpdate({status, events, sources_.clock->Now()}, sent_), "\n\n");
  }

  const Sources sources_;
  const std::shared_ptr<int> open_;
  SentNodes sent_;
  bool told_ = false;
  uint64_t version_ = 0, sequence_ = 0;
  base::Instant spoke_;
};

}  // namespace

http::ServerResponse PageStreams::Open() {
  http::ServerResponse answer;
  if (*open_ >= kMaxPageStreams) {
    answer.status = 503;
    answer.body = absl::StrCat(kMaxPageStreams, " pages follow already; ask for /page every few seconds\n");
    answer.headers = {{"Retry-After", kRetryAfterSeconds}};
    return answer;
  }
  const auto stream = std::make_shared<Stream>(sources_, open_);
  answer.content_type = "text/event-stream";
  answer.headers = {{"X-Accel-Buffering", "no"}};  // nginx: pass it on as it comes
  answer.body = stream->Next();
  answer.more = [stream]() -> std::optional<std::string> { return stream->Next(); };
  return answer;
}

}  // namespace spacelet::httpserver
