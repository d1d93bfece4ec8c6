// Facts → checks. Pure: the same facts give the same text.
#pragma once

#include <vector>

#include "pkg/doctor/check.h"
#include "pkg/doctor/facts.h"

namespace spacelet::doctor {

// Every check, also those that were skipped, in the order in which a person should read them: what others
// depend on first.
std::vector<Check> Examine(const Facts& facts);

// Whether Docker is stopped and systemd holds its socket: who connects starts it, and a look must not.
bool StartsWhenAsked(const BootFacts& boot);

// The single checks.
Check CheckDocument(const DocumentFacts& document);
Check CheckFiles(const Facts& facts);
Check CheckSecrets(const Facts& facts);
Check CheckPool(const PoolFacts& pool);
Check CheckDocker(const DockerFacts& docker);
Check CheckDockerSocket(const DockerFacts& docker);
Check CheckDockerVersion(const DockerFacts& docker);
Check CheckDockerSettings(const DockerFacts& docker);
Check CheckDockerBoot(const DockerFacts& docker, const BootFacts& boot);
Check CheckRunnerDirectory(const DirectoryFacts& directory);
Check CheckPorts(const Facts& facts);
Check CheckRivals(const Facts& facts);
Check CheckAgent(const AgentFacts& agent);
Check CheckGit(const GitFacts& git);
Check CheckManager(const ReachFacts& reach);
Check CheckRegistries(const std::vector<RegistryFacts>& registries);
Check CheckDisk(const std::vector<DiskFacts>& disks);
Check CheckResources(const ResourceFacts& resources);
Check CheckClock(const ClockFacts& clock, const ReachFacts& manager);
Check CheckCloudInit(const CloudInitFacts& cloud_init, Cloud cloud);
Check CheckMetadata(const MetadataFacts& metadata, Cloud cloud);

}  // namespace spacelet::doctor
