// What a stranger can make one message cost with answers that are cached: long SPF records, many signatures
// and chains by large keys. Beside them the largest that honest senders publish.
#include "tests/bench/coroutine_loop.hpp"
#include "tests/support/arc_chain.hpp"

#include "auth/arc/validate_chain.hpp"
#include "auth/base64.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/dkim/sign.hpp"
#include "auth/dkim/verify_signature.hpp"
#include "auth/spf/check_host.hpp"

#include <map>
#include <string>
#include <utility>

namespace gatepost::bench {
namespace {

namespace asio = boost::asio;
namespace arc = auth::arc;
namespace crypto = auth::crypto;
namespace dkim = auth::dkim;
namespace spf = auth::spf;

// Gives the same answer each time, with what readers keep beside it, as the cache does.
class CachedZone final : public dns::Resolver {
  public:
    explicit CachedZone(const dns::ZoneResolver& zone) : zone_(zone) {}
    dns::AnswerPtr known(const dns::DomainName& name, dns::RrType type) override {
        dns::AnswerPtr& kept = kept_[std::make_pair(name, type)];
        if (!kept) kept = zone_.find(name, type);
        return kept;
    }
    asio::awaitable<dns::AnswerPtr> query(dns::DomainName name, dns::RrType type) override {
        co_return known(name, type);
    }

  private:
    const dns::ZoneResolver& zone_;
    std::map<std::pair<dns::DomainName, dns::RrType>, dns::AnswerPtr> kept_;
};

// Terms that do not match, until the record has `octets`.
std::string long_record(std::string start, std::size_t octets, std::string_view kind) {
    for (unsigned i = 0; start.size() + 30 < octets; ++i) {
        const std::string place = std::to_string(i % 250) + '.' + std::to_string(i / 250 % 250);
        if (kind == "ip4") start.append(" ip4:10.0.").append(place);
        if (kind == "ip6") start.append(" ip6:::").append(std::to_string(i % 9));
        if (kind == "mixed") start.append(i % 2 ? " ip4:10.0." + place + "/30" : " ip6:2001:db8::/48");
    }
    return start + " ?all";
}

// A record with ten includes, each of them as long as it.
void spf_check(benchmark::State& state, std::size_t octets, std::string_view kind, unsigned includes) {
    dns::ZoneResolver zone;
    std::string first = "v=spf1";
    for (unsigned i = 0; i < includes; ++i) {
        const std::string target = "s" + std::to_string(i) + ".example";
        first += " include:" + target;
        zone.add(name(target), dns::RrType::txt, long_record("v=spf1", octets, kind));
    }
    zone.add(name("sender.example"), dns::RrType::txt, long_record(first, octets, kind));
    CachedZone resolver(zone);
    asio::io_context context{1};
    const spf::Request request(dns::IpAddress::parse("192.0.2.9").value(), "h.example", "u@sender.example",
                               "mx.example.org", std::chrono::system_clock::now());
    auto once = [&]() -> asio::awaitable<void> {
        const spf::Limits limits;
        const spf::Check check = co_await spf::check_mail_from(request, resolver, limits);
        state.SetLabel(std::string(spf::to_string(check.result)));
    };
    run_loop(state, context, once);
}

crypto::SigningKey rsa_key(unsigned bits, unsigned long exponent) {
    return crypto::SigningKey::generate_rsa(bits, exponent).value();
}

struct Keys {
    crypto::SigningKey common = rsa_key(2048, 65'537);
    crypto::SigningKey large = rsa_key(4096, 65'537);
    crypto::SigningKey large_exponent = rsa_key(4096, 0x1'ffff'ffffULL);     // 33 bits
    crypto::SigningKey too_large = rsa_key(8192, 0xffff'ffff'ffff'ffc5ULL);  // 64 bits
    crypto::SigningKey ed25519 = crypto::SigningKey::generate_ed25519().value();
};
const Keys& keys() {
    static const Keys made;
    return made;
}

const std::string plain = "From: joe@sender.example\r\nTo: a@example.net\r\nSubject: x\r\n\r\n";
const std::string body = "hello\r\n";

// Each signature at a name of its own, by the last of the name's `records` keys.
void signatures(benchmark::State& state, const crypto::SigningKey& key, unsigned count, unsigned records) {
    dns::ZoneResolver zone;
    std::string header = plain;
    for (unsigned i = 0; i < count; ++i) {
        dkim::SigningOptions options;
        options.domain = name("sender.example");
        options.selector = "s" + std::to_string(i);
        header = *dkim::sign(*auth::HeaderBlock::parse(plain), body, key, options) + header;
        const auto owner = name(options.selector + "._domainkey.sender.example");
        const std::string record = dkim::key_record_of(key);
        // The last octet but a few is changed: another key of that size, which verifies nothing.
        for (unsigned j = 1; j < records; ++j) {
            std::string other = record;
            other[other.size() - 40] = static_cast<char>('a' + j);
            zone.add(owner, dns::RrType::txt, other);
        }
        zone.add(owner, dns::RrType::txt, record);
    }
    const auto block = auth::HeaderBlock::parse(header);
    CachedZone resolver(zone);
    for (auto _ : state) {
        dkim::Verifier verifier(block, name("sender.example"), dkim::VerifierOptions(),
                                std::chrono::system_clock::now());
        verifier.find_known_keys(resolver);
        verifier.body(body);
        const auto results = verifier.finish();
        state.SetLabel(std::string(to_string(results.front().result)) + "…" +
                       std::string(to_string(results.back().result)) + ", " + std::to_string(header.size()) +
                       " octets");
    }
}

void chain(benchmark::State& state, const crypto::SigningKey& key, unsigned sets) {
    dns::ZoneResolver zone;
    std::string header = plain;
    for (unsigned i = 1; i <= sets; ++i) {
        tests::ArcSetToMake set;
        set.instance = i;
        header = make_arc_set(set, header, body, key) + header;
    }
    zone.add(name("s._domainkey.list.example"), dns::RrType::txt, dkim::key_record_of(key));
    const auto block = auth::HeaderBlock::parse(header);
    CachedZone resolver(zone);
    for (auto _ : state) {
        arc::Validator validator(block, {}, std::chrono::system_clock::now());
        validator.find_known_keys(resolver);
        validator.body(body);
        state.SetLabel(std::string(to_string(validator.finish().result)) + ", " +
                       std::to_string(header.size()) + " octets");
    }
}

void add(const std::string& title, auto run) {
    benchmark::RegisterBenchmark(title.c_str(), run)->Unit(benchmark::kMicrosecond);
}

// Before main(), which is Google Benchmark's. Keys are made by the first benchmark that wants one.
const bool registered = [] {
    add("spf/usual_10_terms", [](auto& state) { spf_check(state, 200, "mixed", 0); });
    add("spf/flattened_400_terms", [](auto& state) { spf_check(state, 7600, "mixed", 0); });
    add("spf/hostile_11_records_of_63_KB", [](auto& state) { spf_check(state, 63'000, "mixed", 10); });
    add("spf/hostile_11_records_of_11_KB_ip4", [](auto& state) { spf_check(state, 11'000, "ip4", 10); });
    add("spf/hostile_11_records_of_11_KB_ip6", [](auto& state) { spf_check(state, 11'000, "ip6", 10); });
    add("dkim/1_of_2048", [](auto& state) { signatures(state, keys().common, 1, 1); });
    add("dkim/1_of_4096", [](auto& state) { signatures(state, keys().large, 1, 1); });
    add("dkim/1_of_4096_e33", [](auto& state) { signatures(state, keys().large_exponent, 1, 1); });
    add("dkim/1_of_ed25519", [](auto& state) { signatures(state, keys().ed25519, 1, 1); });
    add("dkim/10_of_4096", [](auto& state) { signatures(state, keys().large, 10, 1); });
    add("dkim/hostile_10x4_of_8192_e64", [](auto& state) { signatures(state, keys().too_large, 10, 4); });
    add("dkim/hostile_10x4_of_4096_e33",
        [](auto& state) { signatures(state, keys().large_exponent, 10, 4); });
    add("dkim/hostile_10x4_of_ed25519", [](auto& state) { signatures(state, keys().ed25519, 10, 4); });
    add("arc/5_sets_of_4096", [](auto& state) { chain(state, keys().large, 5); });
    add("arc/50_sets_of_2048", [](auto& state) { chain(state, keys().common, 50); });
    add("arc/hostile_50_sets_of_8192_e64", [](auto& state) { chain(state, keys().too_large, 50); });
    add("arc/hostile_50_sets_of_4096_e33", [](auto& state) { chain(state, keys().large_exponent, 50); });
    add("arc/50_sets_of_ed25519", [](auto& state) { chain(state, keys().ed25519, 50); });
    return true;
}();

}  // namespace
}  // namespace gatepost::bench
