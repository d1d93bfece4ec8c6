#include "pkg/source/file_source.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pkg/base/digest.h"
#include "pkg/base/file.h"
#include "pkg/base/mutex.h"
#include "pkg/config/load.h"
#include "pkg/source/chain.h"
#include "pkg/source/settle.h"
#include "pkg/source/watcher.h"

namespace spacelet::source {
namespace {

// One byte more than a document may have, so that one that is too large is reported as such.
constexpr size_t kMostBytes = config::kMaxDocumentBytes + 1;

std::string IdentityOf(const absl::StatusOr<base::FileContent>& content) {
  return content.ok() ? base::Sha256Hex(content->bytes) : content.status().ToString();
}

}  // namespace

// One watched file.
struct FileSource::File {
  std::string path;
  std::function<void(const absl::StatusOr<base::FileContent>&)> taken;
  Chain chain = {};
  Settling settling = {};
  std::optional<std::string> identity = {};  // of what was taken last
  bool trusted = true;                       // the next look is the first, or a person's wish
  bool waiting = false;                      // something was seen and not believed yet

  bool Concerns(const FileEvent& event) const {
    if (event.name.empty()) return event.directory.empty() || chain.names.count(event.directory) != 0;
    const auto names = chain.names.find(event.directory);
    return names != chain.names.end() && names->second.count(event.name) != 0;
  }

  void Note(const FileEvent& event) {
    if (event.replaced) settling.OnReplaced();
    if (event.written) settling.OnWritten();
    if (event.closed) settling.OnClosed();
  }

  // Reads the file and takes it when it is another one and may be believed.
  void Look(base::Instant now) {
    const bool force = trusted && identity.has_value();
    const auto content = base::ReadFile(path, kMostBytes);
    waiting = content.status().code() == absl::StatusCode::kAborted;  // changed while it was read
    if (waiting) return;
    std::string found = IdentityOf(content);
    if (content.ok()) {
      waiting =
          !settling.MayTake(content->stamp, WriterOf(path), trusted, now) && (force || identity != found);
      if (waiting) return;
    }
    trusted = false;
    settling.OnTaken();
    if (identity == found && !force) return;
    identity = std::move(found);
    taken(content);
  }
};

class FileSource::Loop {
 public:
  Loop(const Options& options, Store& store, base::Clock& clock, const log::Logger& logger)
      : options_(options), clock_(clock), logger_(logger), watcher_(options.use_inotify) {
    if (options.path.empty()) return;
    files_.push_back({options.path, [this, &store](const absl::StatusOr<base::FileContent>& content) {
                        Take(content, store);
                      }});
  }

  void ReadNow() {
    if (!has_document()) return;
    files_[0].chain = Resolve(files_[0].path);
    files_[0].Look(clock_.Monotonic());
  }

  void Run(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { watcher_.Wake(); });
    LookAtAll();
    while (!stop.stop_requested()) {
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

  bool has_document() const { return !options_.path.empty(); }

  void Take(const absl::StatusOr<base::FileContent>& content, Store& store) {
    if (!content.ok()) {
      logger_.Warning("document cannot be read",
                      {{"path", options_.path}, {"error", content.status().ToString()}});
      return store.Unreadable(std::string(content.status().message()));
    }
    const Attempt attempt = store.Offer({.bytes = content->bytes, .file_name = options_.path});
    if (attempt.result == Attempt::Result::kRejected) {
      logger_.Warning("document rejected", {{"path", options_.path}, {"error", attempt.error}});
    } else if (attempt.result == Attempt::Result::kAccepted) {
      logger_.Info("document accepted", {{"path", options_.path}, {"revision", attempt.revision}});
    }
  }

  void Note(const std::vector<FileEvent>& events) {
    bool concerned = false;
    for (const FileEvent& event : events) {
      for (File& file : files_) {
        if (!file.Concerns(event)) continue;
        file.Note(event);
        concerned = true;
      }
    }
    if (concerned) Debounce();
  }

  void Debounce() {
    const base::Instant now = clock_.Monotonic();
    if (!first_event_) first_event_ = now;
    next_look_ = std::min(now + kDebounce, *first_event_ + kLongestDebounce);
  }

  void TakeRequests() {
    if (reload_.exchange(false) && has_document()) {
      files_[0].trusted = true;
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
    files_.erase(std::remove_if(files_.begin() + (has_document() ? 1 : 0), files_.end(),
                                [&](const File& f) { return request.paths.count(f.path) == 0; }),
                 files_.end());
    for (const File& file : files_) request.paths.erase(file.path);
    for (const std::string& path : request.paths) {
      File file{path, [this, path](const auto&) { on_change_(path); }};
      file.identity = IdentityOf(base::ReadFile(path, kMostBytes));
      file.trusted = false;
      files_.push_back(std::move(file));
    }
    LookAtAll();
  }

  void LookAtAll() {
    Arm();
    const base::Instant now = clock_.Monotonic();
    first_event_.reset();
    next_look_ = now + options_.poll_interval;
    for (File& file : files_) {
      file.Look(now);
      if (file.waiting) next_look_ = std::min(next_look_, now + kDebounce);
    }
  }

  // A directory may appear between resolving and watching, so both are done until they agree.
  void Arm() {
    for (int tries = 0; tries < 3; ++tries) {
      std::set<std::string> directories;
      for (File& file : files_) {
        Chain chain = Resolve(file.path);
        // A symlink that points elsewhere is as good as a rename.
        if (!file.chain.target.empty() && chain.target != file.chain.target) file.settling.OnReplaced();
        file.chain = std::move(chain);
        for (const auto& [directory, names] : file.chain.names) directories.insert(directory);
      }
      watcher_.Arm(directories);
      const bool settled =
          std::all_of(files_.begin(), files_.end(), [](const File& f) { return Resolve(f.path) == f.chain; });
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
  std::vector<File> files_;  // the document first, if there is one
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
