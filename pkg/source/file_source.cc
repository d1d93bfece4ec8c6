#include "pkg/source/file_source.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "pkg/base/file.h"
#include "pkg/base/mutex.h"
#include "pkg/config/load.h"
#include "pkg/source/chain.h"
#include "pkg/source/document_set.h"
#include "pkg/source/tracked_file.h"
#include "pkg/source/watcher.h"

namespace spacelet::source {
namespace {

constexpr size_t kMostBytes = config::kMaxDocumentBytes + 1;

}  // namespace

class FileSource::Loop {
 public:
  Loop(const Options& options, Store& store, base::Clock& clock, const log::Logger& logger)
      : options_(options), clock_(clock), logger_(logger), watcher_(options.use_inotify) {
    if (!options.path.empty()) document_.emplace(options.path, store, logger);
  }

  void ReadNow() {
    if (document_) document_->Look(clock_.Monotonic());
  }

  void Run(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { watcher_.Wake(); });
    Turn();
    LookAtAll();
    while (!stop.stop_requested()) {
      Turn();
      Note(watcher_.Wait(next_look_ - clock_.Monotonic()));
      TakeRequests();
      if (clock_.Monotonic() >= next_look_) LookAtAll();
    }
  }

  void Reload() {
    reload_ = true;
    watcher_.Wake();
  }

  void Watch(std::set<std::string> paths, std::function<void(const std::string&)> on_change) {
    {
      base::MutexLock lock(mu_);
      requested_ = Request{std::move(paths), std::move(on_change)};
    }
    watcher_.Wake();
  }

 private:
  struct Request {
    std::set<std::string> paths;
    std::function<void(const std::string&)> on_change;
  };

  void Turn() const {
    if (options_.on_turn) options_.on_turn(options_.poll_interval + kLongestRead);
  }

  // The document's files, then those that it names.
  void ForEach(const std::function<void(TrackedFile&)>& visit) {
    if (document_) document_->ForEach(visit);
    for (TrackedFile& file : named_) visit(file);
  }

  void Note(const std::vector<FileEvent>& events) {
    bool concerned = false;
    for (const FileEvent& event : events) {
      ForEach([&](TrackedFile& file) {
        if (!file.Concerns(event)) return;
        file.Note(event);
        concerned = true;
      });
    }
    if (concerned) Debounce();
  }

  void Debounce() {
    const base::Instant now = clock_.Monotonic();
    if (!first_event_) first_event_ = now;
    next_look_ = std::min(now + kDebounce, *first_event_ + kLongestDebounce);
  }

  void TakeRequests() {
    if (reload_.exchange(false)) {
      if (document_) document_->Trust();
      next_look_ = clock_.Monotonic();
    }
    std::optional<Request> request;
    {
      base::MutexLock lock(mu_);
      request.swap(requested_);
    }
    if (request) Replace(*std::move(request));
  }

  // Files that were watched before keep what is known about them.
  void Replace(Request request) {
    on_change_ = std::move(request.on_change);
    named_.erase(std::remove_if(named_.begin(), named_.end(),
                                [&](const TrackedFile& f) { return request.paths.count(f.path) == 0; }),
                 named_.end());
    for (const TrackedFile& file : named_) request.paths.erase(file.path);
    for (const std::string& path : request.paths) {
      TrackedFile file{.path = path, .read = [path] { return base::ReadFile(path, kMostBytes); }};
      file.identity = IdentityOf(file.read());
      file.trusted = false;
      named_.push_back(std::move(file));
    }
    LookAtAll();
  }

  void LookAtAll() {
    const base::Instant now = clock_.Monotonic();
    first_event_.reset();
    // A file is watched before it is believed: what changes in between is seen by the next round.
    for (int rounds = 0; rounds < 3; ++rounds) {
      Arm();
      if (!document_) break;
      document_->Look(now);
      if (!document_->TakeGrown()) break;
    }
    absl::Duration due = options_.poll_interval;
    if (document_) due = std::min(due, document_->DueIn(now, kDebounce));
    for (TrackedFile& file : named_) {
      if (file.Look(now)) on_change_(file.path);
      if (file.waiting) due = std::min(due, kDebounce);
    }
    next_look_ = now + due;
  }

  // A directory may appear between resolving and watching, so both are done until they agree.
  void Arm() {
    for (int tries = 0; tries < 3; ++tries) {
      std::set<std::string> directories, written;
      ForEach([&](TrackedFile& file) {
        Chain chain = Resolve(file.path);
        // A symlink that points elsewhere is as good as a rename.
        if (!file.chain.target.empty() && chain.target != file.chain.target) file.settling.OnReplaced();
        file.chain = std::move(chain);
        for (const auto& [directory, names] : file.chain.names) directories.insert(directory);
        written.insert(file.chain.target.substr(0, std::max<size_t>(file.chain.target.rfind('/'), 1)));
      });
      watcher_.Arm(directories, written);
      bool settled = true;
      ForEach([&](TrackedFile& file) { settled = settled && Resolve(file.path) == file.chain; });
      if (settled) break;
    }
    if (!watcher_.is_complete() && !std::exchange(told_, true) && options_.use_inotify)
      logger_.Warning("inotify is not available, the files are polled",
                      {{"interval", absl::FormatDuration(options_.poll_interval)}});
  }

  const Options& options_;
  base::Clock& clock_;
  const log::Logger& logger_;
  Watcher watcher_;
  std::optional<DocumentSet> document_;
  std::vector<TrackedFile> named_;
  std::function<void(const std::string&)> on_change_;
  base::Instant next_look_ = {};
  std::optional<base::Instant> first_event_;
  bool told_ = false;
  std::atomic<bool> reload_ = false;
  base::Mutex mu_;
  std::optional<Request> requested_ ABSL_GUARDED_BY(mu_);
};

FileSource::FileSource(Options options, Store& store, base::Clock& clock, const log::Logger& logger)
    : options_(std::move(options)),
      store_(store),
      clock_(clock),
      logger_(logger.With("source")),
      loop_(std::make_unique<Loop>(options_, store_, clock_, logger_)) {}

FileSource::~FileSource() = default;

void FileSource::ReadNow() { loop_->ReadNow(); }

absl::Status FileSource::Run(const std::stop_token& stop) {
  loop_->Run(stop);
  return absl::OkStatus();
}

void FileSource::Reload() { loop_->Reload(); }

void FileSource::Watch(std::set<std::string> paths, std::function<void(const std::string& path)> on_change) {
  loop_->Watch(std::move(paths), std::move(on_change));
}

}  // namespace spacelet::source
