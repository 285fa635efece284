// ARC fields: the first octet chooses between the rest as a header, the rest mapped into the alphabet of
// ARC's tags as the values of three fields, and the rest behind a whole set. What is taken must keep the
// promises of arc_set.hpp, and without keys nothing passes.
#include "auth/arc/arc_set.hpp"
#include "auth/arc/validate_chain.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace gatepost::auth;

constexpr std::string_view whole_set =
    "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=list.example; s=s; b=AAAA\r\n"
    "ARC-Message-Signature: i=1; a=rsa-sha256; d=list.example; s=s; h=from;\r\n"
    " bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n"
    "ARC-Authentication-Results: i=1; mx.list.example; none\r\n";

void require(bool promise) {
    if (!promise) std::abort();
}

void require_in_order(const arc::ArcSets& found) {
    require(found.any || (found.sets.empty() && found.fault.empty()));
    require(!found.newest_says_fail || !found.fault.empty());
    require(found.sets.size() <= arc::maximum_instance);
    unsigned before = 0;
    for (const arc::ArcSet& set : found.sets) {
        require(set.instance > before && set.instance <= arc::maximum_instance);
        require(set.authentication_results || set.message_signature || set.seal);
        before = set.instance;
        if (!found.fault.empty()) continue;
        require(set.authentication_results && set.message_signature && set.seal);
        require(set.status == (set.instance == 1 ? arc::ChainStatus::none : arc::ChainStatus::pass));
    }
    require(!found.fault.empty() || before == found.sets.size());
}

void run(const std::string& header) {
    const auto block = HeaderBlock::parse(header);
    const arc::ArcSets found = arc::collect_sets(*block);
    require_in_order(found);
    arc::Validator validator(block, {}, std::chrono::system_clock::time_point(std::chrono::hours(480'000)));
    validator.body("x");
    const arc::Chain chain = validator.finish();
    require(chain.result == (found.any ? arc::Result::fail : arc::Result::none));
    require(chain.reason.empty() == !found.any);
    require(chain.instance == (found.sets.empty() ? 0 : found.sets.back().instance));
    require(!chain.temporary || found.fault.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr std::string_view alphabet = "icvabdhst=;:12 \t5309nonepassfail()\\-.";
    const std::string octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 3 == 0) run(octets);
    if (data[0] % 3 == 2) run(std::string(whole_set) + octets);
    if (data[0] % 3 != 1) return 0;
    std::string mapped;
    for (const char c : octets)
        mapped += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    run("From: a@example.org\r\nARC-Seal:" + mapped + "\r\nARC-Message-Signature:" + mapped +
        "\r\nARC-Authentication-Results:" + mapped + "\r\n\r\n");
    return 0;
}
