// Foreign Authentication-Results, and our own written around foreign text: what we write can be read back.
#include "auth/results/authentication_results.hpp"
#include "auth/results/parse_results.hpp"
#include "auth/results/remove_claims.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace gatepost;
using namespace gatepost::auth;

void write_around(const std::string& text) {
    Evidence evidence;
    evidence.dkim.emplace_back();
    evidence.dkim.front().selector = text;
    evidence.dkim.front().identity = text;
    evidence.dkim.front().reason = text;
    evidence.dkim.front().domain = dns::DomainName::parse(text);
    evidence.spf.reason = text;
    const results::TransactionIdentity identity{dns::IpAddress(), text, text};
    const std::string value =
        results::authentication_results_value("mx.example.org", identity, evidence, {text, text, text});
    const auto header = HeaderBlock::parse(results::authentication_results_field(value));
    if (header->fault() != HeaderFault::none || header->fields().size() != 1) std::abort();
    const auto parsed = results::parse_results(unfold(header->fields().front().value));
    if (!parsed || parsed->authserv_id != "mx.example.org" || parsed->results.size() != 3) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    results::parse_results(text);
    const auto header = HeaderBlock::parse("Authentication-Results:" + text);
    for (const HeaderField& field : header->fields())
        results::claims_our_authority(field, {"mx.example.org"});
    write_around(text);
    return 0;
}
