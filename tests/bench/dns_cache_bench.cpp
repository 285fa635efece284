// A cached answer through the resolver's decorators as a worker stacks them, one by one.
#include "tests/bench/coroutine_loop.hpp"

#include "dns/budgeted_resolver.hpp"
#include "dns/caching_resolver.hpp"
#include "dns/overriding_resolver.hpp"
#include "dns/recording_resolver.hpp"

#include <limits>

namespace gatepost::bench {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

const std::string asked = "selector1._domainkey.mail.example.org";
constexpr auto type = dns::RrType::txt;

// The chain over a cache that knows the answer, among ten thousand others.
struct Chain {
    Chain() {
        zone.add(name(asked), type, std::string("v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA"));
        local_zone->add(name("local.example"), type, std::string("local"));
        const auto now = dns::TimePoint::clock::now();
        for (int i = 0; i < 10'000; ++i) {
            const dns::DomainName other = name(std::to_string(i) + ".example.net");
            cache->complete(other, type, zone.find(name(asked), type), now);
        }
        cache->complete(name(asked), type, zone.find(name(asked), type), now);
    }

    asio::io_context context{1};
    dns::ZoneResolver zone;
    QuietZone upstream{zone};
    std::shared_ptr<dns::Cache> cache = std::make_shared<dns::Cache>(200'000);
    std::shared_ptr<dns::ZoneResolver> local_zone = std::make_shared<dns::ZoneResolver>();
    dns::CachingResolver caching{context.get_executor(), upstream, cache, [] {
                                     return dns::TimePoint::clock::now();
                                 }};
    dns::OverridingResolver overriding{local_zone, caching};
    dns::BudgetedResolver budgeted{
        context.get_executor(), overriding,
        dns::QueryBudget{std::numeric_limits<std::size_t>::max(), dns::TimePoint::clock::now() + 24h}};
    dns::RecordingResolver recording{budgeted};
};

void ask(benchmark::State& state, Chain& chain, dns::Resolver& resolver) {
    const dns::DomainName question = name(asked);
    auto once = [&]() -> asio::awaitable<void> {
        const dns::AnswerPtr answer = co_await resolver.query(question, type);
        if (!answer->found()) state.SkipWithError("not cached");
    };
    run_loop(state, chain.context, once);
}

void cache_alone(benchmark::State& state) {
    Chain chain;
    const dns::DomainName question = name(asked);
    for (auto _ : state)
        benchmark::DoNotOptimize(chain.cache->find(question, type, dns::TimePoint::clock::now()));
}
BENCHMARK(cache_alone);

void caching(benchmark::State& state) {
    Chain chain;
    ask(state, chain, chain.caching);
}
BENCHMARK(caching);

void overriding_caching(benchmark::State& state) {
    Chain chain;
    ask(state, chain, chain.overriding);
}
BENCHMARK(overriding_caching);

void budgeted_overriding_caching(benchmark::State& state) {
    Chain chain;
    ask(state, chain, chain.budgeted);
}
BENCHMARK(budgeted_overriding_caching);

void all_decorators(benchmark::State& state) {
    Chain chain;
    ask(state, chain, chain.recording);
}
BENCHMARK(all_decorators);

// Without a coroutine: what known() costs by itself.
void all_decorators_known(benchmark::State& state) {
    Chain chain;
    const dns::DomainName question = name(asked);
    for (auto _ : state)
        benchmark::DoNotOptimize(chain.recording.known(question, type));
}
BENCHMARK(all_decorators_known);

}  // namespace
}  // namespace gatepost::bench
