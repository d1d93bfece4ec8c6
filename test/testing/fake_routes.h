// What the fake daemon answers: one function per call of Docker's API.
#pragma once

#include <stop_token>

#include "test/testing/fake_docker.h"
#include "test/testing/fake_http.h"

namespace spacelet::testing {

// Performs a request on `docker` and answers it. 404 for a path that Docker does not have; 400 for a body
// that it cannot read. /events and versions are FakeDaemon's.
HttpAnswer Route(FakeDocker& docker, const HttpRequest& request, const std::stop_token& stop);
HttpAnswer Refusal(int http_status, const std::string& message);

}  // namespace spacelet::testing
