#include "server/file_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

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
    impl_.reset();
}

asio::awaitable<void> FilePool::run(std::function<void()> work) {
    co_await asio::co_spawn(impl_->pool, call(std::move(work)), asio::use_awaitable);
}

}  // namespace gatepost::server
