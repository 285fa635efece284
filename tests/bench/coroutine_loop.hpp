// Benchmarks of coroutines: the whole loop is one coroutine on one io_context, as a worker's is, so that
// starting a context is not what gets measured.
#pragma once

#include "tests/support/run.hpp"

#include "dns/resolver.hpp"
#include "dns/zone_resolver.hpp"

#include <boost/asio/io_context.hpp>

#include <benchmark/benchmark.h>

namespace gatepost::bench {

// `once(state)` is a coroutine function; it is awaited once an iteration.
template <typename Once>
boost::asio::awaitable<int> repeat(benchmark::State& state, Once& once) {
    for (auto _ : state)
        co_await once();
    co_return 0;
}

template <typename Once>
void run_loop(benchmark::State& state, boost::asio::io_context& context, Once once) {
    tests::run(context, repeat(state, once));
}

// Answers from a zone, without the log of questions that ZoneResolver keeps for tests.
class QuietZone final : public dns::Resolver {
  public:
    explicit QuietZone(const dns::ZoneResolver& zone) : zone_(zone) {}
    boost::asio::awaitable<dns::AnswerPtr> query(dns::DomainName name, dns::RrType type) override {
        co_return zone_.find(name, type);
    }

  private:
    const dns::ZoneResolver& zone_;
};

inline dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

}  // namespace gatepost::bench
