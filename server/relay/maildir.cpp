#include "server/relay/maildir.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace gatepost::server::relay {
namespace {

class File {
  public:
    File(const std::filesystem::path& path, int flags)
        : file_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() {
        if (file_ >= 0) ::close(file_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is_open() const { return file_ >= 0; }
    bool write(std::string_view octets) const {
        while (!octets.empty()) {
            const ssize_t written = ::write(file_, octets.data(), octets.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return false;
            octets.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }
    bool sync() const { return ::fsync(file_) == 0; }

  private:
    int file_;
};

std::string problem_at(const std::filesystem::path& path) {
    return path.string() + ": " + std::strerror(errno);
}

bool write_message(const File& file, const OutgoingMessage& message) {
    for (const std::string_view part : message.header_parts())
        if (!file.write(part)) return false;
    std::string buffer;
    std::string_view octets;
    for (std::uint64_t offset = 0; offset < message.body().size(); offset += octets.size()) {
        if (!message.body().read_at(offset, buffer, octets) || octets.empty()) return false;
        if (!file.write(octets)) return false;
    }
    return file.sync();
}

}  // namespace

std::string prepare_maildir(const std::filesystem::path& folder) {
    for (const auto* part : {"tmp", "new", "cur"}) {
        std::error_code error;
        std::filesystem::create_directories(folder / part, error);
        if (error) return (folder / part).string() + ": " + error.message();
    }
    return {};
}

MaildirDelivery::MaildirDelivery(std::filesystem::path folder, std::string unique_name, FilePool& files,
                                 dns::Claim claim)
    : folder_(std::move(folder)),
      destination_("maildir:" + folder_.string()),
      unique_name_(std::move(unique_name)),
      files_(files),
      claim_(claim) {}

boost::asio::awaitable<std::optional<smtp::Reply>> MaildirDelivery::add_recipient(const smtp::Envelope&,
                                                                                  smtp::Recipient) {
    co_return std::nullopt;
}

boost::asio::awaitable<smtp::Reply> MaildirDelivery::deliver(const OutgoingMessage& message) {
    auto work = [&] {
        problem_ = write(message);
    };
    co_await files_.run(claim_, work);
    if (problem_.empty()) co_return smtp::Reply(250, "2.0.0", "stored");
    co_return smtp::Reply(452, "4.3.1", "the message cannot be stored now");
}

boost::asio::awaitable<void> MaildirDelivery::abandon() {
    co_return;
}

std::string MaildirDelivery::write(const OutgoingMessage& message) const {
    const std::filesystem::path temporary = folder_ / "tmp" / unique_name_;
    const std::filesystem::path final = folder_ / "new" / unique_name_;
    const File file(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.is_open()) return problem_at(temporary);
    if (!write_message(file, message)) {
        const std::string problem = problem_at(temporary);
        ::unlink(temporary.c_str());
        return problem;
    }
    if (std::rename(temporary.c_str(), final.c_str()) != 0) {
        const std::string problem = problem_at(final);
        ::unlink(temporary.c_str());
        return problem;
    }
    // The entry itself is safe only when the folder is.
    const File entry(folder_ / "new", O_RDONLY | O_DIRECTORY);
    if (entry.is_open() && entry.sync()) return {};
    const std::string problem = problem_at(folder_ / "new");
    ::unlink(final.c_str());
    return problem;
}

}  // namespace gatepost::server::relay
