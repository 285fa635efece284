#include "tests/support/pipeline.hpp"

#include "tests/support/run.hpp"

namespace gatepost::tests {

PipelineOutcome run_pipeline(const PipelineInput& input, dns::Resolver& resolver) {
    boost::asio::io_context context;
    // Room for every question that the mechanisms' own bounds allow.
    const dns::QueryBudget budget{1000, std::chrono::steady_clock::now() + std::chrono::seconds(60)};
    PipelineOutcome outcome;
    {
        auth::EvidenceGatherer gatherer(context.get_executor(), resolver, input.options, "mx.example.net");
        auth::HeaderBlockPtr header = auth::HeaderBlock::parse(input.header, input.max_header_fields);
        outcome.evidence = run(context, gather_evidence(gatherer, input.sender, std::move(header), input.body,
                                                        input.now, budget));
    }
    // What was cancelled ends before the resolver may go.
    context.restart();
    context.run();
    policy::Facts facts;
    facts.client_ip = input.sender.client_ip;
    facts.helo = input.sender.helo;
    facts.mail_from = input.sender.mail_from;
    facts.today = std::chrono::floor<std::chrono::days>(input.now);
    outcome.decision = policy::decide(facts, outcome.evidence, input.settings);
    return outcome;
}

}  // namespace gatepost::tests
