// One message through the whole of authentication and judgement, as a transaction runs it: EvidenceGatherer
// stage by stage, then decide().
#pragma once

#include "policy/decide.hpp"

#include "auth/gather_evidence.hpp"

#include "dns/resolver.hpp"

#include <chrono>
#include <string>

namespace gatepost::tests {

struct PipelineInput {
    auth::Sender sender;
    std::string header;  // with the empty line behind it, as the server hands it on
    std::string body;
    auth::AuthenticationOptions options;
    policy::Settings settings;
    std::chrono::system_clock::time_point now{std::chrono::seconds(1'800'000'000)};
    std::size_t max_header_fields = 30'000;
};

struct PipelineOutcome {
    auth::Evidence evidence;
    policy::Decision decision;
};

PipelineOutcome run_pipeline(const PipelineInput& input, dns::Resolver& resolver);

}  // namespace gatepost::tests
