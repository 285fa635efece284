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

SpooledBody::SpooledBody(Share& memory, Share& disk, FilePool& files, std::filesystem::path folder)
    : share_of_memory_(memory), share_of_disk_(disk), files_(files), folder_(std::move(folder)) {}

SpooledBody::~SpooledBody() {
    share_of_memory_.give_back(taken_);
    if (file_ >= 0) ::close(file_);
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
        co_await files_.run(std::move(work));
        share_of_memory_.give_back(std::exchange(taken_, 0));
    }
    size_ += octets.size();
    co_return problem_.empty();
}

void SpooledBody::write_to_file(std::string_view octets) {
    std::string before;
    if (file_ < 0) {
        file_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        before.swap(memory_);
    }
    for (std::string_view part : {std::string_view(before), octets}) {
        while (file_ >= 0 && !part.empty()) {
            const ssize_t written = ::write(file_, part.data(), part.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) {
                problem_ = folder_.string() + ": " + std::strerror(errno);
                return;
            }
            part.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    if (file_ < 0) problem_ = folder_.string() + ": " + std::strerror(errno);
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
        got = ::pread(file_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    octets = std::string_view(buffer).substr(0, static_cast<std::size_t>(got));
    return true;
}

}  // namespace gatepost::server
