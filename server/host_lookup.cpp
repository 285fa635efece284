#include "server/host_lookup.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using boost::system::error_code;
namespace {

struct Found {
    std::vector<std::string> addresses;
    error_code error = asio::error::timed_out;
};

error_code error_of(int code) {
    switch (code) {
        case 0:
            return {};
        case EAI_AGAIN:
            return asio::error::host_not_found_try_again;
        case EAI_NONAME:
        case EAI_NODATA:
            return asio::error::host_not_found;
        case EAI_MEMORY:
            return asio::error::no_memory;
        case EAI_SYSTEM:
            return {errno, boost::system::system_category()};
        default:
            return asio::error::no_recovery;
    }
}

std::string text_of(const addrinfo& entry) {
    std::array<char, NI_MAXHOST> text{};
    const int failed = ::getnameinfo(entry.ai_addr, entry.ai_addrlen, text.data(), text.size(), nullptr, 0,
                                     NI_NUMERICHOST);  // asks nobody
    return failed != 0 ? "" : text.data();
}

Found ask_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    Found found;
    found.error = error_of(::getaddrinfo(host.c_str(), nullptr, &hints, &first));
    for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next)
        if (std::string text = text_of(*entry); !text.empty()) found.addresses.push_back(std::move(text));
    if (first != nullptr) ::freeaddrinfo(first);
    if (!found.error && found.addresses.empty()) found.error = asio::error::host_not_found;
    return found;
}

// One coroutine that waits. Its timer is touched on its executor alone.
struct Waiter {
    asio::any_io_executor executor;
    std::shared_ptr<asio::steady_timer> wake;
    Found found;
};

// The questions that the system's resolver works on, each on a thread that nobody joins: neither a stop nor
// the end of the process waits for it. One for each host, however many wait for it, so that there are no more
// threads than hosts in the configuration.
class Lookups {
  public:
    // False: nothing was begun, and the waiter has the error.
    bool join(const std::string& host, Waiter& waiter) {
        const std::lock_guard lock(mutex_);
        const auto [place, is_new] = waiting_.try_emplace(host);
        place->second.insert(&waiter);
        if (!is_new) return true;
        try {
            std::thread([this, host] { answer(host, ask_system(host)); }).detach();
        } catch (const std::system_error& no_thread) {
            waiter.found.error = error_code(no_thread.code().value(), boost::system::system_category());
            waiting_.erase(place);
            return false;
        }
        return true;
    }
    void leave(const std::string& host, Waiter& waiter) {
        const std::lock_guard lock(mutex_);
        const auto place = waiting_.find(host);
        if (place != waiting_.end()) place->second.erase(&waiter);
    }

  private:
    // Whoever is in the set has not left: its frame and its io_context are there while the lock is held.
    void answer(const std::string& host, const Found& found) {
        const std::lock_guard lock(mutex_);
        const auto node = waiting_.extract(host);
        for (Waiter* const waiter : node.mapped()) {
            waiter->found = found;
            asio::post(waiter->executor, [wake = std::weak_ptr(waiter->wake)] {
                if (const auto timer = wake.lock()) timer->expires_at(asio::steady_timer::time_point::min());
            });
        }
    }

    std::mutex mutex_;
    std::map<std::string, std::set<Waiter*>> waiting_;  // by host; there while its thread runs
};

// Never destroyed: a thread that hangs may come back after main() has returned.
Lookups& lookups() {
    static auto* const all = new Lookups;
    return *all;
}

// Is in the set for its life, also where the coroutine ends with its io_context.
class Membership {
  public:
    Membership(const std::string& host, Waiter& waiter)
        : host_(host), waiter_(waiter), is_waiting_(lookups().join(host, waiter)) {}
    ~Membership() { lookups().leave(host_, waiter_); }
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;
    bool is_waiting() const { return is_waiting_; }

  private:
    const std::string& host_;
    Waiter& waiter_;
    bool is_waiting_;
};

}  // namespace

asio::awaitable<std::vector<std::string>> look_up_host(asio::any_io_executor executor, std::string host,
                                                       std::chrono::milliseconds timeout, error_code& error) {
    std::vector<std::string> addresses;
    asio::ip::make_address(host, error);
    if (!error) {
        addresses.push_back(std::move(host));
        co_return addresses;
    }
    Waiter waiter;
    waiter.executor = executor;
    waiter.wake = std::make_shared<asio::steady_timer>(executor, timeout);
    {
        const Membership membership(host, waiter);
        error_code woken;
        if (membership.is_waiting())
            co_await waiter.wake->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    error = waiter.found.error;
    addresses = std::move(waiter.found.addresses);
    co_return addresses;
}

}  // namespace gatepost::server
