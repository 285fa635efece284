#include "server/health.hpp"

#include "server/relay/relay_pool.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using namespace std::chrono_literals;
namespace {

constexpr auto watch_interval = 5s;  // local: a probe of an orchestrator asks about as often
// local: a server that answers is asked less often, as each visit stands in its log; what mail finds out
// meanwhile counts too.
constexpr auto visit_interval = 60s;

std::vector<config::ServerDestination> servers_of(const config::Config& config) {
    std::vector<config::ServerDestination> found;
    for (const config::Destination& destination : config.relay.to)
        if (const auto* server = std::get_if<config::ServerDestination>(&destination))
            found.push_back(*server);
    return found;
}

}  // namespace

std::vector<std::string> Health::reasons_not_ready() const {
    std::vector<std::string> reasons;
    const std::string database = store_.problem();
    const dns::BrownoutState brownout = brownout_->state();
    const std::lock_guard lock(mutex_);
    if (!listening_) reasons.push_back("smtp: not listening");
    if (!dns_problem_.empty()) reasons.push_back(dns_problem_);
    if (brownout.active) reasons.push_back("dns: brownout: " + std::string(to_string(brownout.cause)));
    if (!database.empty()) reasons.push_back("database: " + database);
    if (!downstream_problem_.empty()) reasons.push_back(downstream_problem_);
    return reasons;
}

std::string Health::warning_of_zones() const {
    const dns::BrownoutState state = brownout_->state();
    if (!state.strangers_zones_fail) return {};
    return "dns: " + std::to_string(state.all_failing) +
           " zones that used to answer fail, all asked about by few networks: theirs, not our resolver";
}

void Health::set_listening(bool listening) {
    const std::lock_guard lock(mutex_);
    listening_ = listening;
}

void Health::note_dns(std::string problem, bool answers) {
    dns_answers_ = answers;
    const std::lock_guard lock(mutex_);
    dns_problem_ = std::move(problem);
}

void Health::note_downstream(std::string problem) {
    const std::lock_guard lock(mutex_);
    downstream_problem_ = std::move(problem);
}

asio::awaitable<std::string> Health::probe_downstream(config::Config config,
                                                      std::shared_ptr<relay::DownstreamState> downstream,
                                                      relay::Security security) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::string problems;
    const std::vector<config::ServerDestination> destinations = servers_of(config);
    for (std::size_t i = 0; i < destinations.size(); ++i) {
        std::string problem;
        const auto capabilities =
            co_await relay::ask_capabilities(executor, destinations[i], config.hostname, security, problem);
        if (capabilities) {
            downstream->spoke(i, *capabilities);
            continue;
        }
        downstream->was_unreachable(i);
        problems += (problems.empty() ? "" : "; ") + problem;
    }
    co_return problems;
}

asio::awaitable<void> Health::watch_downstream(config::Config config,
                                               std::shared_ptr<relay::DownstreamState> downstream,
                                               std::function<relay::Security()> security) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::chrono::steady_clock::time_point next_visit;
    std::string problem;
    for (;;) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_visit || !downstream->is_any_reachable()) {
            relay::Security in_force = security();
            const std::string found = co_await probe_downstream(config, downstream, std::move(in_force));
            problem = "downstream: " + found;
            next_visit = now + visit_interval;
        }
        if (downstream->is_any_reachable()) problem.clear();
        note_downstream(problem);
        boost::system::error_code woken;
        timer.expires_after(watch_interval);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

}  // namespace gatepost::server
