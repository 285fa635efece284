// The judgement alone, with ten exemptions that do not match and one own network.
#include "policy/decide.hpp"

#include <benchmark/benchmark.h>

namespace gatepost::policy {
namespace {

namespace dmarc = auth::dmarc;

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

struct Message {
    explicit Message(dmarc::Result result) {
        facts.client_ip = dns::IpAddress::parse("192.0.2.1").value();
        facts.helo = "mail.example.org";
        facts.mail_from = "a@example.org";
        facts.today = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);
        evidence.author.domain = name("example.org");
        evidence.author.fault = auth::AuthorFault::none;
        evidence.iprev.result = auth::iprev::Result::pass;
        evidence.spf.domain = name("example.org");
        evidence.spf.result = auth::spf::Result::softfail;
        evidence.dmarc.author_domain = evidence.dmarc.record_domain = name("example.org");
        evidence.dmarc.record = dmarc::Record();
        evidence.dmarc.record->p = evidence.dmarc.policy = evidence.dmarc.applied_policy =
            dmarc::Policy::reject;
        evidence.dmarc.result = result;
        settings.own_domains = {name("example.com")};
        settings.own_networks = {dns::IpNetwork::parse("10.20.0.0/16").value()};
        for (int i = 0; i < 10; ++i) {
            Exemption exemption;
            exemption.id = "exemption-" + std::to_string(i);
            exemption.when.client_ip = {dns::IpNetwork::parse("10.0." + std::to_string(i) + ".0/24").value()};
            exemption.when.author_domain = {DomainPattern::parse("*.example.com").value()};
            exemption.allow = {Forgiven::dmarc, Forgiven::spf};
            settings.exemptions.push_back(std::move(exemption));
        }
    }
    Facts facts;
    auth::Evidence evidence;
    Settings settings;
};

void judge(benchmark::State& state, dmarc::Result result, Action expected) {
    const Message message(result);
    for (auto _ : state) {
        const Decision decision = decide(message.facts, message.evidence, message.settings);
        if (decision.action != expected) state.SkipWithError("another action");
    }
}

void pass(benchmark::State& state) {
    judge(state, dmarc::Result::pass, Action::accept);
}
BENCHMARK(pass);

// p=reject with no further fact against the message: quarantined (PRODUCT.md, corroborate).
void fail(benchmark::State& state) {
    judge(state, dmarc::Result::fail, Action::quarantine);
}
BENCHMARK(fail);

// Judged at its best and at its worst.
void temperror(benchmark::State& state) {
    judge(state, dmarc::Result::temperror, Action::defer);
}
BENCHMARK(temperror);

}  // namespace
}  // namespace gatepost::policy
