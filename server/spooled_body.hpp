// The body of a message in flight: in memory up to 1 MiB, above that or where limits.memory is used up in an
// unlinked temporary file, so that nothing is left behind whatever ends the process.
#pragma once

#include "server/file_pool.hpp"
#include "server/shared_budget.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace gatepost::server {

class SpooledBody {
  public:
    // local: mail below this never touches the disk on its way through; nearly all mail is below.
    static constexpr std::size_t memory_octets = 1024 * 1024;

    // `folder` is where the temporary file is made. `memory` and `disk` outlive this, and bound it. The file
    // is closed by the pool, and only then its octets are given back: the budget of `disk` outlives `files`.
    SpooledBody(Share& memory, Share& disk, FilePool& files, std::filesystem::path folder);
    ~SpooledBody();
    SpooledBody(const SpooledBody&) = delete;
    SpooledBody& operator=(const SpooledBody&) = delete;

    // False: the disk is short, or the client's share of it; `problem()` says what, and the body is
    // incomplete for good.
    boost::asio::awaitable<bool> append(std::string_view octets);
    std::uint64_t size() const { return size_; }
    const std::string& problem() const { return problem_; }
    bool is_in_memory() const { return file_ == nullptr; }

    // The octets from `offset` on, at least one and at most 64 KiB; empty at the end. Where the body is in a
    // file, this waits for the disk, and is to be called from the file pool. False: it cannot be read back.
    bool read_at(std::uint64_t offset, std::string& buffer, std::string_view& octets) const;

  private:
    class File;
    void write_to_file(std::string_view octets);

    Share& share_of_memory_;
    Share& share_of_disk_;
    FilePool& files_;
    std::filesystem::path folder_;
    std::string memory_;
    std::size_t taken_ = 0;
    std::shared_ptr<File> file_;  // null: all is in memory
    std::uint64_t size_ = 0;
    std::string problem_;
};

}  // namespace gatepost::server
