#include "server/certificate_watcher.hpp"

#include "server/log.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
namespace {

constexpr auto look_interval = std::chrono::seconds(2);  // local: a few calls of stat() each

std::vector<FileStamps> stamps_in_force(const Runtime& runtime) {
    std::vector<FileStamps> stamps;
    if (runtime.tls) stamps.push_back(runtime.tls->stamps());
    if (runtime.relay_tls) stamps.push_back(runtime.relay_tls->stamps());
    return stamps;
}

std::vector<FileStamps> stamps_now(const std::vector<FileStamps>& before) {
    std::vector<FileStamps> now;
    for (const FileStamps& stamps : before)
        now.push_back(stamps.now());
    return now;
}

}  // namespace

void CertificateWatcher::look() {
    const RuntimePtr in_force = runtime_.get();
    const std::vector<FileStamps> before = stamps_in_force(*in_force);
    std::vector<FileStamps> now = stamps_now(before);
    if (now == before) {
        if (refused_) reloads_.succeeded(ReloadState::Part::certificates);  // they are as they were
        refused_.reset();
        return;
    }
    // The same files that were no good: told once, at the second look, as the first may meet a pair of which
    // only one half is written.
    if (refused_ == now && told_) return;
    std::string problem;
    RuntimePtr fresh = with_fresh_certificates(*in_force, problem);
    if (!fresh) {
        told_ = refused_ == now;
        refused_ = std::move(now);
        if (!told_) return;
        reloads_.failed(ReloadState::Part::certificates, problem);
        LogEntry entry("certificates_refused", LogLevel::error);
        entry.with("problem", problem).with("note", "the ones in force are kept");
        return log_.write(entry);
    }
    refused_.reset();
    reloads_.succeeded(ReloadState::Part::certificates);
    LogEntry entry("certificates_reloaded");
    if (fresh->tls)
        for (const std::string& warning : fresh->tls->warnings())
            entry.with("warning", warning);
    // A reload of the whole configuration in the meantime has read them, too.
    if (runtime_.replace_if_still(in_force, std::move(fresh))) log_.write(entry);
}

asio::awaitable<void> CertificateWatcher::watch() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        boost::system::error_code woken;
        timer.expires_after(look_interval);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        look();
    }
}

}  // namespace gatepost::server
