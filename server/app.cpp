#include "server/app.hpp"

#include "server/certificate_watcher.hpp"
#include "server/descriptor_limit.hpp"
#include "server/dns_watch.hpp"
#include "server/health.hpp"
#include "server/hidden_clients_lookup.hpp"
#include "server/history.hpp"
#include "server/http/http_server.hpp"
#include "server/listener.hpp"
#include "server/load_runtime.hpp"
#include "server/log.hpp"
#include "server/relay/maildir.hpp"
#include "server/reload_state.hpp"
#include "server/signals.hpp"
#include "server/watcher.hpp"
#include "server/worker.hpp"

#include "dns/keyed_hash.hpp"
#include "dns/local_records.hpp"
#include "dns/overriding_resolver.hpp"
#include "dns/stub_resolver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using namespace std::chrono_literals;
namespace {

// local: so many that three clients whose operations hang leave some for others.
constexpr unsigned file_threads = 16;
constexpr auto drain_time = 30s;  // PRODUCT.md, Signals
// local: what a downstream server takes to greet. One that is late, or a dead name server, holds up no start.
constexpr auto first_probe_time = 3s;
constexpr auto left_out_interval = 10s;  // local: soon after a client has stopped
constexpr unsigned abort_seconds = 2;    // local: after a second SIGTERM, for files and report rows

// local: what messages under way may take of the disk as it is at start. The rest is the database's.
std::size_t room_for_files(const std::filesystem::path& folder) {
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(folder, error);
    return error ? std::numeric_limits<std::size_t>::max() : space.available / 2;
}

std::chrono::sys_days today() {
    return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

class App {
  public:
    explicit App(Outset outset)
        : outset_(std::move(outset)),
          runtime_(outset_.runtime),
          log_(config().log),
          metrics_(worker_count(config())),
          signals_(context_.get_executor(), {[this] { reload(); },
                                             [this] {
                                                 draining_ ? end_at_once() : drain();
                                             }}),
          drain_timer_(context_) {}

    int run() {
        const std::string problem = prepare();
        if (!problem.empty()) {
            LogEntry entry("cannot_start", LogLevel::error);
            entry.with("problem", problem);
            log_.write(entry);
            stop_background();
            return 1;
        }
        const std::size_t most = sessions_within(descriptors_, SIZE_MAX);
        connections_.bound_by_descriptors(most);
        if (most < config().limits.connections) {
            LogEntry few("few_descriptors", LogLevel::warning);
            few.with("descriptors", descriptors_).with("connections", most);
            log_.write(few);
        }
        for (auto& worker : workers_)
            worker->start();
        for (auto& listener : listeners_)
            listener->start();
        health_->set_listening(true);
        signals_.watch();
        outset_.manager.tell_ready("serving " + config().hostname);
        LogEntry entry("started");
        entry.with("hostname", config().hostname).with("workers", workers_.size());
        for (const config::Listener& listener : config().listeners)
            entry.with("listen",
                       listener.address.address.text() + ':' + std::to_string(listener.address.port));
        log_.write(entry);
        context_.run();
        for (auto& worker : workers_)
            worker->join();
        files_.stop();  // before the sessions go that it works for
        return finish();
    }

  private:
    static std::size_t worker_count(const config::Config& config) {
        if (config.process.workers != 0) return config.process.workers;
        return std::max(1U, std::thread::hardware_concurrency());
    }
    const config::Config& config() const { return outset_.runtime->config; }

    std::string prepare() {
        auto opened = reports::store::open_store(reports::store::database_path(config().data_dir));
        if (!opened.store) return at("data_dir", "data_dir: " + opened.problem);
        store_ = std::move(opened.store);
        dns_ = make_shared_dns(config().dns, random_, resolver_sockets_within(descriptors_));
        health_.emplace(*store_, dns_.brownout);
        std::string problem = prepare_relay();
        if (problem.empty()) problem = prepare_workers();
        if (!problem.empty()) return problem;
        make_listeners();
        start_background();
        return {};
    }

    std::string at(std::string_view key, const std::string& message) const {
        return at_key(outset_.config_file, outset_.places, key, message);
    }
    std::string unusable(const config::MaildirDestination& maildir) const {
        const std::string problem = relay::prepare_maildir(maildir.path);
        return problem.empty() ? "" : at("relay.to[0]", "relay.to: " + problem);
    }

    std::string prepare_relay() {
        std::vector<std::string> servers;
        for (const config::Destination& destination : config().relay.to) {
            if (const auto* maildir = std::get_if<config::MaildirDestination>(&destination))
                return unusable(*maildir);
            servers.push_back(std::get<config::ServerDestination>(destination).text());
        }
        downstream_ = std::make_shared<relay::DownstreamState>(servers);
        downstream_->on_trouble = [this](std::string_view server, std::string_view problem) {
            LogEntry entry(problem.empty() ? "downstream_recovered" : "downstream_trouble",
                           problem.empty() ? LogLevel::info : LogLevel::warning);
            entry.with("server", server).with_some("problem", problem);
            log_.write(entry);
        };
        // Clients are told what the servers behind announce, so they are asked before the first client comes.
        std::string problem = "not asked to the end within the time for it at start; it is asked again";
        asio::io_context context;
        const auto asked = [&](std::exception_ptr, std::string found) {
            problem = std::move(found);
        };
        asio::co_spawn(context,
                       Health::probe_downstream(config(), downstream_, outset_.runtime->relay_security()),
                       asked);
        context.run_for(first_probe_time);
        health_->note_downstream(problem.empty() ? "" : "downstream: " + problem);
        if (!problem.empty()) {
            LogEntry entry("downstream_unreachable", LogLevel::warning);
            entry.with("problem", problem);
            log_.write(entry);
        }
        return {};
    }

    static void tell_lack_of_room(std::string_view what, const SharedBudget& budget,
                                  std::vector<std::string>& warnings) {
        if (!budget.is_exhausted()) return;
        warnings.push_back(std::string(what) + ": " + std::to_string(budget.used()) + " of " +
                           std::to_string(budget.limit()) +
                           " octets are used: only own and exempted clients have room left");
    }

    void tell_downstream_trouble(std::vector<std::string>& warnings) const {
        if (!downstream_) return;
        const relay::DownstreamCounts counts = downstream_->counts(std::chrono::steady_clock::now());
        if (counts.are_connections_short)
            warnings.emplace_back(
                "relay.connections: messages waited in vain for a connection to the mail system behind: all "
                "are in use, or all that one client may have");
        for (const auto& server : counts.servers)
            if (!server.trouble.empty())
                warnings.push_back("downstream_trouble: " + server.name + ": " + server.trouble);
    }

    std::string prepare_workers() {
        shared_.emplace(Shared{runtime_, metrics_, files_, memory_, disk_, connections_, clients_, *store_,
                               log_, random_, dns_, downstream_, descriptors_});
        know_names(config());
        metrics_.connections_source = [this] {
            return connections_.counts();
        };
        metrics_.log_source = [this] {
            return log_.left_out();
        };
        metrics_.dns_source = [this] {
            DnsCounts counts;
            for (const auto& worker : workers_)
                counts.add(worker->dns_statistics());
            counts.cache = dns_.cache->statistics();
            counts.brownout = dns_.brownout->state();
            counts.answers = health_->dns_answers();
            counts.budgets = dns_.client_budgets->counts();
            counts.sockets = dns_.sockets->counts();
            return counts;
        };
        if (downstream_)
            metrics_.downstream_source = [this] {
                return downstream_->counts(std::chrono::steady_clock::now());
            };
        metrics_.report_rows_source = [this] {
            return store_->activity();
        };
        metrics_.room_source = [this] {
            return RoomCounts{RoomCounts::of(memory_), RoomCounts::of(disk_)};
        };
        metrics_.reloads_source = [this] {
            return reloads_.counts();
        };
        for (std::size_t i = 0; i < worker_count(config()); ++i)
            workers_.push_back(std::make_unique<Worker>(i, *shared_));
        return {};
    }

    void know_names(const config::Config& config) {
        std::vector<std::string> ids;
        for (const policy::Exemption& exemption : config.policy.exemptions)
            ids.push_back(exemption.id);
        metrics_.know_exemptions(ids);
        metrics_.know_domains(config.domains);
    }

    void make_listeners() {
        for (std::size_t i = 0; i < outset_.smtp.size(); ++i)
            listeners_.push_back(std::make_unique<Listener>(
                context_, *shared_, workers_, config().listeners[i], std::move(outset_.smtp[i])));
    }

    asio::awaitable<void> watch_log() {
        asio::steady_timer timer(background_);
        for (;;) {
            boost::system::error_code woken;
            timer.expires_after(left_out_interval);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            log_.tell_left_out();
        }
    }

    // HTTP and the health watcher live on a thread of their own, away from mail.
    void start_background() {
        background_stub_.emplace(background_.get_executor(), config().dns, random_);
        background_resolver_.emplace(dns_.local_records, *background_stub_);
        watch("dns", [this] {
            return watch_dns({config().domains.front(), *background_resolver_, *background_stub_,
                              dns_.brownout, *health_, log_});
        });
        const auto security = [this] {
            return runtime_.get()->relay_security();
        };
        if (downstream_)
            watch("downstream",
                  [this, security] { return health_->watch_downstream(config(), downstream_, security); });
        watch("history", [this] { return keep_history(*store_, runtime_); });
        watch("certificates", [this] { return certificate_watcher_.watch(); });
        watch("log", [this] { return watch_log(); });
        if (config().http.address) {
            http::Sources sources;
            sources.warnings = [this] {
                std::vector<std::string> warnings = reloads_.warnings();
                if (const auto gateway = clients_.hidden.hidden())
                    warnings.push_back(hidden_clients_remedy(*gateway));
                tell_downstream_trouble(warnings);
                tell_lack_of_room("limits.memory", memory_, warnings);
                tell_lack_of_room("temporary files", disk_, warnings);
                if (store_->activity().is_full)
                    warnings.emplace_back(
                        "store_trouble: history.max_size is reached, and no day is old "
                        "enough to be deleted: new report rows are dropped");
                else if (const auto client = store_->activity().crowding)
                    warnings.push_back("store_trouble: history.max_size is near, and the network of " +
                                       client->text() +
                                       " has its share of it: its new report rows are dropped");
                const std::string strangers = health_->warning_of_zones();
                if (!strangers.empty()) warnings.push_back(strangers);
                return warnings;
            };
            sources.reasons_not_ready = [this] {
                return health_->reasons_not_ready();
            };
            sources.metrics = [this] {
                return metrics_.snapshot();
            };
            http_.emplace(background_,
                          http::make_routes(std::move(sources), config().http.token, config().hostname));
            http_->serve(std::move(outset_.http));
        }
        background_thread_ = std::thread([this] { background_.run(); });
    }

    void watch(std::string_view name, std::function<asio::awaitable<void>()> run) {
        Watcher watcher{name, std::move(run)};
        asio::co_spawn(background_, keep_running(std::move(watcher), log_), asio::detached);
    }

    void stop_background() {
        if (http_) http_->stop();
        background_.stop();
        if (background_thread_.joinable()) background_thread_.join();
    }

    // Whatever goes wrong in a reload, such as a lack of memory, the server goes on as it is.
    Loaded load_anew() {
        try {
            const RuntimePtr before = runtime_.get();
            return load_runtime(outset_.config_file, today(), &before->config, before->ticket_keys);
        } catch (const std::exception& error) {
            Loaded none;
            none.problems.emplace_back(error.what());
            return none;
        }
    }

    void reload() {
        outset_.manager.tell_reloading();
        Loaded loaded = load_anew();
        // The listeners stay as they are until a restart, and cannot do without.
        if (loaded.runtime && !loaded.runtime->tls && needs_certificate(config())) {
            loaded.problems.emplace_back(
                "a listener with TLS is open, so tls.certificate can go only in a restart");
            loaded.runtime = nullptr;
        }
        const bool is_whole = loaded.kept.empty() && loaded.warnings.empty();
        const LogLevel level = is_whole ? LogLevel::info : LogLevel::warning;
        LogEntry entry("reload", loaded.runtime ? level : LogLevel::error);
        for (const std::string& problem : loaded.problems)
            entry.with("problem", problem);
        for (const std::string& warning : loaded.warnings)
            entry.with("warning", warning);
        if (!loaded.runtime) {
            entry.with("note", "the configuration in force is kept");
        } else {
            for (const std::string& kept : loaded.kept)
                entry.with("restart_needed", kept);
            know_names(loaded.runtime->config);
            runtime_.replace(loaded.runtime);
            log_.use(loaded.runtime->config.log);
            if (http_) http_->use_token(loaded.runtime->config.http.token);
            use_local_records(loaded.runtime->config);
        }
        log_.write(entry);
        note_reload(loaded);
    }

    void note_reload(const Loaded& loaded) {
        constexpr auto part = ReloadState::Part::configuration;
        if (loaded.runtime) {
            reloads_.succeeded(part);
            return outset_.manager.tell_ready("serving " + config().hostname);
        }
        const std::string problem = loaded.problems.empty() ? "unknown" : loaded.problems.front();
        reloads_.failed(part, problem);
        outset_.manager.tell_ready("reload refused, the configuration in force is kept: " + problem);
    }

    void use_local_records(const config::Config& config) {
        const auto records = dns::make_local_zone(config.dns.overrides).zone;
        for (auto& worker : workers_)
            worker->use_local_records(records);
        asio::post(background_, [this, records] { background_resolver_->replace(records); });
    }

    void drain() {
        draining_ = true;
        outset_.manager.tell_stopping();
        LogEntry entry("stopping");
        entry.with("sessions", connections_.open());
        log_.write(entry);
        health_->set_listening(false);
        for (auto& listener : listeners_)
            listener->close();
        for (auto& worker : workers_)
            worker->drain();
        watch_drain(std::chrono::steady_clock::now() + drain_time);
    }

    void watch_drain(std::chrono::steady_clock::time_point until) {
        if (connections_.open() == 0) return end();
        if (std::chrono::steady_clock::now() >= until) return abort();
        drain_timer_.expires_after(20ms);
        drain_timer_.async_wait([this, until](boost::system::error_code error) {
            if (!error) watch_drain(until);
        });
    }

    // A second signal: what is left of the work has a moment. A disk or a network file system that hangs does
    // not hold up the end.
    void end_at_once() {
        std::signal(SIGALRM, [](int) { ::_exit(1); });
        ::alarm(abort_seconds);
        abort();
    }

    void abort() {
        for (auto& worker : workers_)
            worker->abort();
        end();
    }

    void end() {
        drain_timer_.cancel();
        signals_.release();
        context_.stop();
    }

    int finish() {
        stop_background();
        const bool flushed = store_->flush();
        LogEntry entry("stopped", flushed ? LogLevel::info : LogLevel::error);
        entry.with_some("problem", store_->problem());
        log_.write(entry);
        return flushed ? 0 : 1;
    }

    Outset outset_;
    CurrentRuntime runtime_;
    Log log_;
    Metrics metrics_;
    dns::SystemRandomSource random_;
    SharedBudget memory_{config().limits.memory, dns::draw_hash_key(random_)};
    SharedBudget disk_{room_for_files(config().data_dir), dns::draw_hash_key(random_)};
    FilePool files_{file_threads};  // gives back to `disk_`
    ConnectionLimits connections_{dns::draw_hash_key(random_)};
    std::size_t descriptors_ = raise_descriptor_limit();
    ClientState clients_{dns::draw_hash_key(random_)};
    std::unique_ptr<reports::store::Store> store_;
    std::optional<Health> health_;
    std::shared_ptr<relay::DownstreamState> downstream_;
    SharedDns dns_;
    std::optional<Shared> shared_;

    ReloadState reloads_;
    asio::io_context background_{1};
    CertificateWatcher certificate_watcher_{runtime_, log_, reloads_};
    std::optional<dns::StubResolver> background_stub_;
    std::optional<dns::OverridingResolver> background_resolver_;
    std::optional<http::HttpServer> http_;
    std::thread background_thread_;

    asio::io_context context_{1};
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    Signals signals_;
    asio::steady_timer drain_timer_;
    bool draining_ = false;
};

}  // namespace

int run_app(Outset outset) {
    App app(std::move(outset));
    return app.run();
}

}  // namespace gatepost::server
