// Condition types, reasons and event reasons: CamelCase constants that people alert on. The only place they
// are named.
#pragma once

namespace spacelet::api {

// Host conditions.
inline constexpr char kConfigAccepted[] = "ConfigAccepted";
inline constexpr char kDockerAvailable[] = "DockerAvailable";
inline constexpr char kReady[] = "Ready";  // also an object condition
inline constexpr char kSuspended[] = "Suspended";
// Object conditions.
inline constexpr char kSynced[] = "Synced";
inline constexpr char kProgressing[] = "Progressing";

namespace reason {
inline constexpr char kAllReady[] = "AllReady";
inline constexpr char kNotReady[] = "NotReady";
inline constexpr char kAccepted[] = "Accepted";
inline constexpr char kRejected[] = "Rejected";
inline constexpr char kUnreadable[] = "Unreadable";
inline constexpr char kNoDocument[] = "NoDocument";
inline constexpr char kConnected[] = "Connected";
inline constexpr char kUnreachable[] = "Unreachable";
inline constexpr char kUnsupportedApiVersion[] = "UnsupportedApiVersion";
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
inline constexpr char kWaitingForDependency[] = "WaitingForDependency";
inline constexpr char kWaitingForNetwork[] = "WaitingForNetwork";
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
inline constexpr char kSuspended[] = "Suspended";
inline constexpr char kMissing[] = "Missing";
inline constexpr char kStopped[] = "Stopped";
inline constexpr char kUnknown[] = "Unknown";
}  // namespace reason

}  // namespace spacelet::api
