#include "server/dns_watch.hpp"

#include "server/health.hpp"
#include "server/log.hpp"

#include "dns/task_group.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using namespace std::chrono_literals;
namespace {

constexpr auto calm_interval = 3s;      // local: our resolver answers these from its cache
constexpr auto troubled_interval = 1s;  // local: so that the end of trouble is seen soon

asio::awaitable<void> ask(dns::Resolver& network, dns::DomainName name, dns::RrType type,
                          dns::AnswerPtr& answer) {
    answer = co_await network.query(std::move(name), type);
}

// The root's name servers are what every resolver knows; our own domain's mail servers are asked for beside
// them, as some filter the former.
struct Round {
    dns::AnswerPtr of_root;
    dns::AnswerPtr of_own;

    // Whether any server replied; nullopt: nobody was asked.
    std::optional<bool> replied() const {
        const std::optional<bool> root = dns::tells_of_reply(*of_root);
        return root.value_or(false) ? root : dns::tells_of_reply(*of_own);
    }
};

asio::awaitable<Round> ask_round(dns::Resolver& network, dns::DomainName own_domain) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    dns::TaskGroup tasks(executor);
    Round round;
    tasks.start(ask(network, dns::DomainName(), dns::RrType::ns, round.of_root));
    tasks.start(ask(network, std::move(own_domain), dns::RrType::mx, round.of_own));
    co_await tasks.join();
    co_return round;
}

std::string text_of(const std::string& name, const dns::Answer& failed) {
    return "dns: " + name + ": " + (failed.servers.empty() ? failed.detail : failed.servers);
}

void log_changes(Log& log, const dns::BrownoutState& before, const dns::BrownoutState& after) {
    if (after.begun != before.begun) {
        LogEntry entry("dns_brownout", LogLevel::error);
        entry.with("cause", to_string(after.cause)).with("failing_zones", after.failing);
        entry.with("answering_zones", after.answering);
        entry.with("note", "refusals that rest on an absent record are 451 until it is over");
        log.write(entry);
    }
    const bool was_active = before.active || after.begun != before.begun;
    if (was_active && !after.active) {
        LogEntry entry("dns_brownout_over");
        log.write(entry);
    }
    if (after.strangers_begun != before.strangers_begun) {
        LogEntry entry("dns_zones_fail", LogLevel::warning);
        entry.with("failing_zones", after.all_failing).with("networks", after.failing);
        entry.with("answering_zones", after.answering);
        entry.with("note", "few networks asked about them: theirs, not our resolver; nothing changes");
        log.write(entry);
    }
}

// A server that never answered is no brownout: nothing is known that could be stale. It is told at once.
class Beginning {
  public:
    explicit Beginning(Log& log) : log_(log) {}

    void note(bool answers, const std::string& problem) {
        if (answers && is_told_) {
            LogEntry entry("dns_answers");
            log_.write(entry);
        } else if (!answers && !is_over_ && !is_told_) {
            LogEntry entry("dns_unreachable", LogLevel::error);
            entry.with("problem", problem);
            entry.with("note", "mail whose verdict needs the DNS gets 451 until it answers; see dns.servers");
            log_.write(entry);
            is_told_ = true;
        }
        is_over_ = is_over_ || answers;
        if (answers) is_told_ = false;
    }

  private:
    Log& log_;
    bool is_over_ = false;  // it has answered once
    bool is_told_ = false;
};

}  // namespace

asio::awaitable<void> watch_dns(DnsWatch watch) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    dns::BrownoutState seen;
    Beginning beginning(watch.log);
    bool root_answered = false;
    bool own_answered = false;
    for (;;) {
        const Round round = co_await ask_round(watch.network, watch.own_domain);
        const std::optional<bool> replied = round.replied();
        root_answered = root_answered || !round.of_root->failed();
        own_answered = own_answered || !round.of_own->failed();
        // What never answered says nothing of our resolver.
        const bool names_fail =
            (root_answered && round.of_root->failed()) || (own_answered && round.of_own->failed());
        if (replied) watch.brownout->note_own(*replied, std::chrono::steady_clock::now(), names_fail);
        // Our own name space is what we must be able to see; whether it has such a record does not matter.
        const dns::AnswerPtr local = watch.local.known(watch.own_domain, dns::RrType::mx);
        const dns::Answer& own = local ? *local : *round.of_own;
        std::string problem;
        if (own.failed()) problem = text_of(watch.own_domain.text(), own);
        const bool answers = replied.value_or(!own.failed());
        beginning.note(answers, problem.empty() ? text_of("the root", *round.of_root) : problem);
        watch.health.note_dns(std::move(problem), answers);
        const dns::BrownoutState state = watch.brownout->state();
        log_changes(watch.log, seen, state);
        const bool is_calm = replied.value_or(true) && !state.active;
        seen = state;
        boost::system::error_code woken;
        timer.expires_after(is_calm ? calm_interval : troubled_interval);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

}  // namespace gatepost::server
