#include "server/worker.hpp"

#include "server/connection.hpp"
#include "server/descriptor_limit.hpp"
#include "server/log.hpp"
#include "server/relay/maildir.hpp"
#include "server/relay/relay_pool.hpp"
#include "server/relay/smtp_delivery.hpp"

#include "dns/ascii.hpp"
#include "dns/caching_resolver.hpp"
#include "dns/overriding_resolver.hpp"
#include "dns/stub_resolver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <list>
#include <optional>
#include <thread>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;

struct Worker::Impl {
    Impl(std::size_t worker_index, Shared& all)
        : index(worker_index),
          shared(all),
          context(1),
          work(asio::make_work_guard(context)),
          stub(context.get_executor(), all.runtime.get()->config.dns, all.random, all.dns.sockets),
          caching(context.get_executor(), stub, all.dns.cache,
                  [] { return std::chrono::steady_clock::now(); }),
          resolver(all.dns.local_records, caching),
          services{context.get_executor(),
                   all.runtime,
                   resolver,
                   all.metrics.worker(worker_index),
                   all.files,
                   all.memory,
                   all.disk,
                   all.store,
                   all.log,
                   all.connections,
                   all.clients,
                   [this](const Runtime& runtime, relay::ForwardedClient client) {
                       return make_delivery(runtime, std::move(client));
                   },
                   [this] { return offered_extensions(); },
                   all.dns} {
        const config::Config& config = all.runtime.get()->config;
        std::vector<config::ServerDestination> destinations;
        for (const config::Destination& destination : config.relay.to) {
            if (const auto* server = std::get_if<config::ServerDestination>(&destination))
                destinations.push_back(*server);
            else
                maildir = std::get<config::MaildirDestination>(destination).path;
        }
        one_recipient = std::all_of(destinations.begin(), destinations.end(),
                                    [](const config::ServerDestination& to) { return to.lmtp; });
        relay::PoolLimits limits;
        const std::size_t share = downstream_within(all.descriptors, config.relay.connections);
        limits.connections = std::max<std::size_t>(1, share / all.metrics.workers());
        if (all.downstream)
            pool.emplace(context.get_executor(), std::move(destinations), config.hostname, all.downstream,
                         limits, pool_tls());
    }

    relay::PoolTls pool_tls() {
        relay::PoolTls tls;
        tls.security = [this] {
            return shared.runtime.get()->relay_security();
        };
        tls.on_fallback = [this](const std::string& server, const std::string& problem) {
            LogEntry entry("relay_tls_failed", LogLevel::warning);
            entry.with("server", server).with("problem", problem).with("note", "mail goes in the clear");
            shared.log.write(entry);
        };
        return tls;
    }

    std::unique_ptr<relay::Delivery> make_delivery(const Runtime& runtime, relay::ForwardedClient client) {
        const dns::Claim claim{client.address, client.is_named};
        if (pool) {
            std::optional<relay::ForwardedClient> told;
            if (runtime.config.relay.send_xforward) told = client;
            return std::make_unique<relay::SmtpDelivery>(*pool, shared.files, std::move(told), claim);
        }
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        std::string name = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count());
        name += '.' + client.ident + '.' + runtime.config.hostname;
        return std::make_unique<relay::MaildirDelivery>(maildir, std::move(name), shared.files, claim);
    }

    smtp::OfferedExtensions offered_extensions() const {
        if (!shared.downstream) return smtp::OfferedExtensions();
        smtp::OfferedExtensions offered = shared.downstream->offered();
        offered.one_recipient = one_recipient;
        return offered;
    }

    // 64 random bits: unique for all practical purposes, across restarts and nodes too.
    std::string new_session_id() {
        std::array<std::uint8_t, 8> octets{};
        shared.random.fill(octets);
        return ascii::to_hex(octets);
    }

    // Without a place in the kernel's event queue, or without memory, this one client goes.
    void adopt(const Accepted& accepted) {
        try {
            take(accepted);
        } catch (const std::exception& error) {
            leave(accepted.peer);
            LogEntry entry("internal_error", LogLevel::error);
            entry.with("client", accepted.peer.text()).with("what", error.what());
            shared.log.write(entry);
        }
    }

    void take(const Accepted& accepted) {
        auto stream = std::make_unique<Stream>(context.get_executor(), accepted.socket, accepted.v6);
        const auto place =
            connections.emplace(connections.end(), services, std::move(stream), accepted, new_session_id());
        asio::co_spawn(context, run_session(this, place), asio::detached);
        if (draining) place->drain();
    }

    static asio::awaitable<void> run_session(Impl* self, std::list<Connection>::iterator place) {
        co_await place->run();
        const dns::IpAddress client = place->client();
        self->connections.erase(place);
        self->leave(client);
        if (self->draining && self->connections.empty()) self->finish();
    }

    void leave(const dns::IpAddress& client) {
        sessions.fetch_sub(1, std::memory_order_relaxed);
        shared.connections.leave(client);
    }

    // The last session is gone: idle downstream connections and timers are all that is left.
    void finish() {
        pool.reset();
        work.reset();
        context.stop();
    }

    std::size_t index;
    Shared& shared;
    asio::io_context context;
    asio::executor_work_guard<asio::io_context::executor_type> work;
    dns::StubResolver stub;
    dns::CachingResolver caching;
    dns::OverridingResolver resolver;
    std::filesystem::path maildir;
    bool one_recipient = false;  // all servers behind speak LMTP
    std::optional<relay::RelayPool> pool;
    Services services;
    std::list<Connection> connections;
    std::atomic<std::size_t> sessions{0};
    bool draining = false;
    std::thread thread;
};

Worker::Worker(std::size_t index, Shared& shared) : impl_(std::make_unique<Impl>(index, shared)) {}

Worker::~Worker() = default;

void Worker::start() {
    impl_->thread = std::thread([this] { impl_->context.run(); });
}

void Worker::adopt(Accepted accepted) {
    impl_->sessions.fetch_add(1, std::memory_order_relaxed);
    asio::post(impl_->context, [this, accepted] { impl_->adopt(accepted); });
}

void Worker::drain() {
    asio::post(impl_->context, [this] {
        impl_->draining = true;
        for (Connection& connection : impl_->connections)
            connection.drain();
        if (impl_->connections.empty()) impl_->finish();
    });
}

void Worker::abort() {
    asio::post(impl_->context, [this] {
        for (Connection& connection : impl_->connections)
            connection.abort();
        impl_->context.stop();
    });
}

void Worker::join() {
    if (impl_->thread.joinable()) impl_->thread.join();
}

std::size_t Worker::sessions() const {
    return impl_->sessions.load(std::memory_order_relaxed);
}

void Worker::use_local_records(std::shared_ptr<const dns::ZoneResolver> records) {
    asio::post(impl_->context, [this, records] { impl_->resolver.replace(records); });
}

dns::StubStatistics Worker::dns_statistics() const {
    return impl_->stub.statistics();
}

}  // namespace gatepost::server
