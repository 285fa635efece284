// The first octet chooses: foreign Authentication-Results, which must never pass for ours unseen, or our own
// written around foreign text, which must read back as what was written.
#include "auth/results/authentication_results.hpp"
#include "auth/results/parse_results.hpp"
#include "auth/results/remove_claims.hpp"

#include "dns/ascii.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace gatepost;
using namespace gatepost::auth;

// RFC 8601 §5: what names us, and what nobody can parse, is removed.
void read(const std::string& text) {
    const auto header = HeaderBlock::parse("Authentication-Results:" + text);
    for (const HeaderField& field : header->fields()) {
        if (!field.is("Authentication-Results")) continue;
        const auto parsed = results::parse_results(unfold(field.value));
        const bool ours = !parsed || ascii::equals_ignoring_case(parsed->authserv_id, "mx.example.org");
        if (ours && !results::ClaimFinder({"mx.example.org"}).is_claim(field)) std::abort();
        const auto claim = results::parse_claim(unfold(field.value));
        if (claim.has_value() != parsed.has_value()) std::abort();
        if (!parsed) continue;
        if (claim->authserv_id != parsed->authserv_id || claim->version != parsed->version) std::abort();
        for (const results::ParsedResult& result : parsed->results)
            if (result.method.empty() || result.result.empty()) std::abort();
    }
}

void write_around(const std::string& text) {
    Evidence evidence;
    evidence.dkim.emplace_back();
    evidence.dkim.front().selector = text;
    evidence.dkim.front().identity = text;
    evidence.dkim.front().reason = Reason("no key", text);
    evidence.dkim.front().domain = dns::DomainName::parse(text);
    evidence.spf.reason = Reason("no SPF record", text);
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
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0)
        read(text);
    else
        write_around(text);
    return 0;
}
