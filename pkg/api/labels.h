// Labels on the objects that the agent makes. They are irreversible (docs/adr/0001): a renamed label orphans
// every container in the field.
#pragma once

namespace spacelet::api {

// These two together are ownership. Anything without them is foreign and is never touched.
inline constexpr char kLabelManaged[] = "dev.spacelet.managed";  // "true"
inline constexpr char kLabelComponent[] =
    "dev.spacelet.component";  // runner, delegate, network or a workload's name

inline constexpr char kLabelSpecHash[] = "dev.spacelet.spec-hash";  // "v1:<64 hex>" of the immutable fields
// Which limits the create set, comma separated out of "cpus,memory": Docker cannot take a limit away in
// place, and this tells a limit that the document dropped (rollout) from one that a person added (reported).
inline constexpr char kLabelLimits[] = "dev.spacelet.limits";
// The network's settings as canonical JSON, so that they can be restored when a replacement is refused.
inline constexpr char kLabelNetworkSpec[] = "dev.spacelet.network-spec";

// For people only; no part of hash or drift.
inline constexpr char kLabelHost[] = "dev.spacelet.host";          // metadata.name
inline constexpr char kLabelRevision[] = "dev.spacelet.revision";  // of the document that created the object

}  // namespace spacelet::api
