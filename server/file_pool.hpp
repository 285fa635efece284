// Threads for what may wait for the disk: no worker ever does. A coroutine hands a function over and goes on
// with its result on its own executor.
//
// Where all threads are in use the clients take turns (dns::FairLine), named ones first, and each has its
// share of the threads (dns::FairShares): with a slow disk, one client's many operations make itself wait.
// What waits is bounded by what sessions can hold: each awaits one operation, and its next one stands behind
// the files that it has let go of.
#pragma once

#include "dns/claim.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>

namespace gatepost::server {

class FilePool {
  public:
    explicit FilePool(unsigned threads);
    ~FilePool();  // carries out what waits
    FilePool(const FilePool&) = delete;
    FilePool& operator=(const FilePool&) = delete;

    // Waits for what is under way; what waits for a thread is never run, and who awaits it does not go on.
    // Call it while everything that the work refers to is there, and run() nothing afterwards.
    void stop();

    // Runs `work` on one of the threads. What it refers to must stay until then: the caller awaits.
    boost::asio::awaitable<void> run(dns::Claim claim, std::function<void()> work);

    // Lets go of `last` on one of the threads, which nobody awaits: a file's close() frees its blocks there.
    // In place where the pool has stopped. What `last` refers to must outlive this pool.
    void release(const dns::Claim& claim, std::shared_ptr<void> last) noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatepost::server
