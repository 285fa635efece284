#include "server/file_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <new>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
namespace {

asio::awaitable<void> call(std::function<void()> work) {
    work();
    co_return;
}

}  // namespace

struct FilePool::Impl {
    explicit Impl(unsigned threads) : pool(threads) {}
    asio::thread_pool pool;
};

FilePool::FilePool(unsigned threads) : impl_(std::make_unique<Impl>(threads)) {}

FilePool::~FilePool() {
    if (impl_) impl_->pool.join();
}

void FilePool::stop() {
    impl_->pool.stop();
    impl_->pool.join();
    // First there is no pool, then what waited goes: the sessions among it release() their files in place.
    const std::unique_ptr<Impl> stopped = std::move(impl_);
}

asio::awaitable<void> FilePool::run(std::function<void()> work) {
    co_await asio::co_spawn(impl_->pool, call(std::move(work)), asio::use_awaitable);
}

void FilePool::release(std::shared_ptr<void> last) noexcept {
    if (!impl_ || !last) return;
    auto let_go = [last = std::move(last)]() mutable {
        last.reset();
    };
    try {
        asio::post(impl_->pool, std::move(let_go));
    } catch (const std::bad_alloc&) {
        return;  // in place, with `let_go`
    }
}

}  // namespace gatepost::server
