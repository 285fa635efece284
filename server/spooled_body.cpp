#include "server/spooled_body.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace gatepost::server {
namespace {

constexpr std::size_t read_octets = 64 * 1024;

}  // namespace

// The temporary file. Its close() frees what it had on the disk, which takes tens of milliseconds for a large
// one; until then it is charged.
class SpooledBody::File {
  public:
    File(const std::filesystem::path& folder, SharedBudget& budget)
        : charge_(budget), file_(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {}
    ~File() {
        if (file_ >= 0) ::close(file_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is_open() const { return file_ >= 0; }
    int descriptor() const { return file_; }
    // From now on this file holds what its message held.
    void be_charged_for(Share& share) { charge_.take_over(share); }

  private:
    Share charge_;
    int file_;
};

SpooledBody::SpooledBody(Share& memory, Share& disk, FilePool& files, std::filesystem::path folder)
    : share_of_memory_(memory), share_of_disk_(disk), files_(files), folder_(std::move(folder)) {}

SpooledBody::~SpooledBody() {
    share_of_memory_.give_back(taken_);
    if (is_in_memory()) return;
    file_->be_charged_for(share_of_disk_);
    files_.release(share_of_disk_.claim(), std::move(file_));
}

boost::asio::awaitable<bool> SpooledBody::append(std::string_view octets) {
    if (!problem_.empty()) co_return false;
    // Where other messages have taken the memory, this one goes to disk: only new transactions get 452.
    if (is_in_memory() && size_ + octets.size() <= memory_octets && share_of_memory_.take(octets.size())) {
        taken_ += octets.size();
        memory_ += octets;
    } else if (const std::size_t for_disk = octets.size() + memory_.size(); !share_of_disk_.take(for_disk)) {
        problem_ = "the client's share of temporary files is used up";
    } else {
        auto work = [this, octets] {
            write_to_file(octets);
        };
        co_await files_.run(share_of_disk_.claim(), std::move(work));
        share_of_memory_.give_back(std::exchange(taken_, 0));
    }
    size_ += octets.size();
    co_return problem_.empty();
}

void SpooledBody::write_to_file(std::string_view octets) {
    std::string before;
    if (is_in_memory()) {
        before.swap(memory_);
        auto made = std::make_shared<File>(folder_, share_of_disk_.budget());
        if (!made->is_open()) {
            problem_ = folder_.string() + ": " + std::strerror(errno);
            return;
        }
        file_ = std::move(made);
    }
    for (std::string_view part : {std::string_view(before), octets}) {
        while (!part.empty()) {
            const ssize_t written = ::write(file_->descriptor(), part.data(), part.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) {
                problem_ = folder_.string() + ": " + std::strerror(errno);
                return;
            }
            part.remove_prefix(static_cast<std::size_t>(written));
        }
    }
}

bool SpooledBody::read_at(std::uint64_t offset, std::string& buffer, std::string_view& octets) const {
    octets = {};
    if (offset >= size_) return true;
    if (is_in_memory()) {
        octets = std::string_view(memory_).substr(offset, read_octets);
        return true;
    }
    buffer.resize(std::min<std::uint64_t>(read_octets, size_ - offset));
    ssize_t got = 0;
    do {
        got = ::pread(file_->descriptor(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    octets = std::string_view(buffer).substr(0, static_cast<std::size_t>(got));
    return true;
}

}  // namespace gatepost::server
