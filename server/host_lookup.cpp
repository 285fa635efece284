#include "server/host_lookup.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
namespace {

// The resolver's handler holds it too, as it may be called long after the asker has left.
struct Lookup {
    explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), wake(executor) {}
    tcp::resolver resolver;
    asio::steady_timer wake;
    tcp::resolver::results_type found;
    error_code error = asio::error::timed_out;
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
    const auto lookup = std::make_shared<Lookup>(executor);
    lookup->wake.expires_after(timeout);
    lookup->resolver.async_resolve(host, "",
                                   [lookup](const error_code& outcome, tcp::resolver::results_type found) {
                                       lookup->error = outcome;
                                       lookup->found = std::move(found);
                                       lookup->wake.cancel();
                                   });
    error_code woken;
    co_await lookup->wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    lookup->resolver.cancel();  // one that still waits in the queue of the resolver's thread is not begun
    error = lookup->error;
    for (const auto& entry : lookup->found)
        addresses.push_back(entry.endpoint().address().to_string());
    co_return addresses;
}

}  // namespace gatepost::server
