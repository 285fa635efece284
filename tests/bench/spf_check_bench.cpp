// check_host() on a zone in memory: what evaluation costs beside its DNS.
#include "tests/bench/coroutine_loop.hpp"

#include "auth/spf/check_host.hpp"

namespace gatepost::bench {
namespace {

namespace asio = boost::asio;
namespace spf = auth::spf;

dns::ZoneResolver make_zone() {
    dns::ZoneResolver zone;
    const auto txt = [&](std::string_view owner, std::string record) {
        zone.add(name(owner), dns::RrType::txt, std::move(record));
    };
    txt("ip4.example", "v=spf1 ip4:192.0.2.0/24 -all");
    txt("usual.example",
        "v=spf1 a mx include:_spf.provider.example include:_spf.newsletter.example ip4:198.51.100.7 ~all");
    txt("_spf.provider.example", "v=spf1 include:_net1.provider.example include:_net2.provider.example ~all");
    txt("_net1.provider.example", "v=spf1 ip4:203.0.113.0/26 ip4:203.0.113.64/26 ip6:2001:db8:1::/48 ~all");
    txt("_net2.provider.example", "v=spf1 ip4:203.0.113.128/26 ip6:2001:db8:2::/48 ~all");
    txt("_spf.newsletter.example", "v=spf1 ip4:198.51.100.128/25 ip4:192.0.2.0/24 -all");
    txt("macro.example", "v=spf1 exists:%{ir}.%{l1r-}.%{d2}.list.example -all");
    zone.add(name("usual.example"), dns::RrType::a, dns::IpAddress::parse("198.51.100.1").value());
    zone.add(name("usual.example"), dns::RrType::mx, dns::MxData{10, name("mx.usual.example")});
    zone.add(name("mx.usual.example"), dns::RrType::a, dns::IpAddress::parse("198.51.100.2").value());
    zone.add(name("9.2.0.192.user.macro.example.list.example"), dns::RrType::a,
             dns::IpAddress::parse("127.0.0.2").value());
    return zone;
}

void check(benchmark::State& state, const std::string& domain) {
    const dns::ZoneResolver zone = make_zone();
    QuietZone resolver(zone);
    asio::io_context context{1};
    const spf::Request request(dns::IpAddress::parse("192.0.2.9").value(), "helo.example", "user@" + domain,
                               "mx.example.org", std::chrono::system_clock::now());
    auto once = [&]() -> asio::awaitable<void> {
        const spf::Limits limits;
        const spf::Check result = co_await spf::check_mail_from(request, resolver, limits);
        if (result.result != spf::Result::pass) state.SkipWithError("no pass");
    };
    run_loop(state, context, once);
}

void one_network(benchmark::State& state) {
    check(state, "ip4.example");
}
BENCHMARK(one_network);

// Nine questions: four includes, a, mx and its address.
void usual_record(benchmark::State& state) {
    check(state, "usual.example");
}
BENCHMARK(usual_record);

void macros(benchmark::State& state) {
    check(state, "macro.example");
}
BENCHMARK(macros);

}  // namespace
}  // namespace gatepost::bench
