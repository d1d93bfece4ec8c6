#include "pkg/doctor/examine.h"

namespace spacelet::doctor {

std::vector<Check> Examine(const Facts& facts) {
  return {CheckDocument(facts.document),
          CheckFiles(facts),
          CheckSecrets(facts),
          CheckPool(facts.pool),
          CheckDocker(facts.docker),
          CheckDockerSocket(facts.docker),
          CheckDockerVersion(facts.docker),
          CheckDockerSettings(facts.docker),
          CheckDockerBoot(facts.docker, facts.boot),
          CheckAgent(facts.agent),
          CheckGit(facts.agent.git),
          CheckRunnerDirectory(facts.runner_directory),
          CheckPorts(facts),
          CheckRivals(facts),
          CheckManager(facts.manager),
          CheckRegistries(facts.registries),
          CheckDisk(facts.disks),
          CheckResources(facts.resources),
          CheckClock(facts.clock, facts.manager),
          CheckCloudInit(facts.cloud_init, facts.cloud),
          CheckMetadata(facts.metadata, facts.cloud)};
}

}  // namespace spacelet::doctor
