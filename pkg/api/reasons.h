// Condition types, reasons and event reasons: CamelCase constants that people alert on. The only place they
// are named.
#pragma once

namespace spacelet::api {

// Host conditions.
inline constexpr char kConfigAccepted[] = "ConfigAccepted";
inline constexpr char kDockerAvailable[] = "DockerAvailable";
inline constexpr char kReady[] = "Ready";  // also an object condition
inline constexpr char kSuspended[] = "Suspended";
inline constexpr char kPolicyAccepted[] = "PolicyAccepted";  // only with --policy
inline constexpr char kStatePersisted[] = "StatePersisted";  // only once it was not
// Object conditions.
inline constexpr char kSynced[] = "Synced";
inline constexpr char kProgressing[] = "Progressing";

namespace reason {
inline constexpr char kAllReady[] = "AllReady";
inline constexpr char kNotReady[] = "NotReady";
inline constexpr char kAccepted[] = "Accepted";
inline constexpr char kRejected[] = "Rejected";
inline constexpr char kUnreadable[] = "Unreadable";
inline constexpr char kPolicyRejected[] = "PolicyRejected";    // an event: the policy itself cannot be used
inline constexpr char kPolicyViolation[] = "PolicyViolation";  // of a valid document
inline constexpr char kWebConfigAccepted[] = "WebConfigAccepted";
inline constexpr char kWebConfigRejected[] = "WebConfigRejected";
inline constexpr char kPersisted[] = "Persisted";
inline constexpr char kStatePersistFailed[] = "StatePersistFailed";
inline constexpr char kNoDocument[] = "NoDocument";
inline constexpr char kHostFactUnavailable[] = "HostFactUnavailable";  // e.g. ${host.zone}
// Why Git gave no document. What is in force stays. Of the first four nothing newer was seen.
inline constexpr char kGitUnreachable[] = "GitUnreachable";                    // DNS, refused, too late, 5xx
inline constexpr char kGitAuthenticationFailed[] = "GitAuthenticationFailed";  // it does not let us in
inline constexpr char kGitUntrusted[] = "GitUntrusted";                        // host key or certificate
inline constexpr char kGitFailed[] = "GitFailed";                              // none of these
inline constexpr char kGitNotFound[] = "GitNotFound";  // no such repository or ref (any more)
inline constexpr char kGitRewritten[] =
    "GitRewritten";  // the new commit does not descend from the one in force
inline constexpr char kGitSignatureRejected[] = "GitSignatureRejected";
inline constexpr char kGitTooLarge[] = "GitTooLarge";
inline constexpr char kConnected[] = "Connected";
inline constexpr char kUnreachable[] = "Unreachable";
inline constexpr char kUnsupportedApiVersion[] = "UnsupportedApiVersion";
inline constexpr char kUnsupportedEngine[] = "UnsupportedEngine";  // it answers, and is not Docker
inline constexpr char kInSync[] = "InSync";
inline constexpr char kOutOfSync[] = "OutOfSync";
inline constexpr char kReconciling[] = "Reconciling";
inline constexpr char kReconcileError[] = "ReconcileError";
inline constexpr char kBackOff[] = "BackOff";
inline constexpr char kRunning[] = "Running";
inline constexpr char kCompleted[] = "Completed";
inline constexpr char kPulling[] = "Pulling";
inline constexpr char kImagePullBackOff[] = "ImagePullBackOff";
inline constexpr char kCrashLoopBackOff[] = "CrashLoopBackOff";
inline constexpr char kStarting[] = "Starting";
inline constexpr char kProbeFailed[] = "ProbeFailed";
inline constexpr char kDraining[] = "Draining";
inline constexpr char kUncleanStop[] = "UncleanStop";
inline constexpr char kWaitingForDependency[] = "WaitingForDependency";
inline constexpr char kWaitingForNetwork[] = "WaitingForNetwork";
inline constexpr char kWaitingForWindow[] = "WaitingForWindow";  // rollout.windows
inline constexpr char kWaitingForSplay[] = "WaitingForSplay";    // rollout.splay
inline constexpr char kRollingOut[] = "RollingOut";
inline constexpr char kRollingBack[] = "RollingBack";
inline constexpr char kRolledBack[] = "RolledBack";
inline constexpr char kInconclusive[] = "Inconclusive";
inline constexpr char kProgressDeadlineExceeded[] = "ProgressDeadlineExceeded";
inline constexpr char kPendingRemoval[] = "PendingRemoval";
inline constexpr char kConflict[] = "Conflict";
inline constexpr char kInvalidPool[] = "InvalidPool";
inline constexpr char kSecretUnavailable[] = "SecretUnavailable";
inline constexpr char kPortInUse[] = "PortInUse";
inline constexpr char kLimitNotRemovable[] = "LimitNotRemovable";
inline constexpr char kCpusExceedHost[] = "CpusExceedHost";
inline constexpr char kImageNeverPulled[] = "ImageNeverPulled";
// Why a pull failed: event reasons, and the first word of the message of ImagePullBackOff.
inline constexpr char kRegistryUnauthorized[] = "RegistryUnauthorized";  // 401: no credentials, or wrong ones
inline constexpr char kRegistryForbidden[] = "RegistryForbidden";        // 403: these may not
inline constexpr char kRepositoryNotFound[] = "RepositoryNotFound";      // 404
inline constexpr char kImageNotFound[] = "ImageNotFound";                // 404: no such tag or digest in it
inline constexpr char kImagePlatformMismatch[] = "ImagePlatformMismatch";  // it has none for this platform
inline constexpr char kImageCorrupt[] = "ImageCorrupt";                    // another digest than promised
inline constexpr char kRegistryRateLimited[] = "RegistryRateLimited";      // 429
inline constexpr char kRegistryFailed[] = "RegistryFailed";                // 5xx
inline constexpr char kRegistryUnreachable[] = "RegistryUnreachable";      // refused, DNS, time-out, reset
inline constexpr char kRegistryUntrusted[] = "RegistryUntrusted";          // TLS
inline constexpr char kPullStalled[] = "PullStalled";                      // silent for too long
inline constexpr char kDiskFull[] = "DiskFull";
inline constexpr char kImagePullFailed[] = "ImagePullFailed";  // none of these
inline constexpr char kImageArchiveFailed[] = "ImageArchiveFailed";
inline constexpr char kDiskPressure[] = "DiskPressure";  // no pull is begun
inline constexpr char kAutoUpdateFailed[] = "AutoUpdateFailed";
inline constexpr char kSuspended[] = "Suspended";
inline constexpr char kMissing[] = "Missing";
inline constexpr char kStopped[] = "Stopped";
inline constexpr char kUnknown[] = "Unknown";
}  // namespace reason

}  // namespace spacelet::api
