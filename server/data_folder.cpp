#include "server/data_folder.hpp"

#include "reports/store/store.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

namespace gatepost::server {
namespace {

using std::filesystem::path;

constexpr const char* lock_name = "lock";

// All that the server makes in its folder: the database with what SQLite puts beside it, and the lock.
std::vector<path> files_of(const path& folder) {
    const std::string database = reports::store::database_path(folder).string();
    return {database, database + "-wal", database + "-shm", database + "-journal", folder / lock_name};
}

std::string name_of(uid_t user) {
    const passwd* const entry = ::getpwuid(user);
    return entry == nullptr ? "user " + std::to_string(user) : std::string(entry->pw_name);
}

std::string failure(const path& file, const char* what) {
    return file.string() + ": " + what + ": " + std::strerror(errno);
}

// Through a descriptor that follows no link, and of a file with no other name: the folder may be another's,
// who could let "our" file be anything.
std::string hand_over(const path& file, uid_t user, gid_t group) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return errno == ENOENT ? "" : failure(file, "cannot be opened");
    struct stat found {};
    std::string problem;
    if (::fstat(descriptor, &found) != 0)
        problem = failure(file, "cannot be looked at");
    else if (found.st_uid == 0 && S_ISREG(found.st_mode) && found.st_nlink == 1 &&
             ::fchown(descriptor, user, group) != 0)
        problem = failure(file, "cannot be given to process.user");
    ::close(descriptor);
    return problem;
}

std::string check_writable(const path& file, int mode) {
    if (::faccessat(AT_FDCWD, file.c_str(), mode, AT_EACCESS) == 0 || errno == ENOENT) return {};
    const int reason = errno;
    struct stat found {};
    if (reason != EACCES || ::stat(file.c_str(), &found) != 0)
        return file.string() + " cannot be written: " + std::strerror(reason);
    const std::string me = name_of(::geteuid());
    const path folder = std::filesystem::is_directory(file) ? file : file.parent_path();
    std::error_code ignored;
    const path target = std::filesystem::canonical(folder, ignored);  // chown -R does not follow a link
    return file.string() + " belongs to " + name_of(found.st_uid) + " and cannot be written by " + me +
           ": chown -R " + me + " " + (target.empty() ? folder : target).string();
}

// What the process that holds the lock has written into it.
std::string holder_of(int lock) {
    std::array<char, 16> text{};
    const ssize_t octets = ::pread(lock, text.data(), text.size() - 1, 0);
    std::string pid(text.data(), octets > 0 ? static_cast<std::size_t>(octets) : 0);
    while (!pid.empty() && (pid.back() < '0' || pid.back() > '9'))
        pid.pop_back();
    return pid.empty() ? "" : " (process " + pid + ")";
}

void write_holder(int lock) {
    const std::string pid = std::to_string(::getpid()) + '\n';
    // For people alone: a full disk is no reason against a lock.
    if (::ftruncate(lock, 0) == 0) [[maybe_unused]]
        const ssize_t written = ::pwrite(lock, pid.data(), pid.size(), 0);
}

}  // namespace

std::error_code make_data_folder(const path& folder) {
    const path named = folder.has_filename() ? folder : folder.parent_path();
    std::error_code error;
    const mode_t before = ::umask(022);
    if (named.has_parent_path()) std::filesystem::create_directories(named.parent_path(), error);
    ::umask(before);
    if (!error) std::filesystem::create_directory(named, error);
    return error;
}

std::string hand_over_files(const path& folder, const std::string& user, const std::string& group) {
    if (::geteuid() != 0 || user.empty()) return {};
    const passwd* const owner = ::getpwnam(user.c_str());
    if (owner == nullptr || owner->pw_uid == 0) return {};
    const uid_t id = owner->pw_uid;
    gid_t group_id = owner->pw_gid;
    if (!group.empty()) {
        const ::group* const given = ::getgrnam(group.c_str());
        if (given == nullptr) return {};
        group_id = given->gr_gid;
    }
    for (const path& file : files_of(folder)) {
        std::string problem = hand_over(file, id, group_id);
        if (!problem.empty()) return problem;
    }
    return {};
}

DataFolder::DataFolder(DataFolder&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {}

DataFolder& DataFolder::operator=(DataFolder&& other) noexcept {
    std::swap(lock_, other.lock_);
    return *this;
}

DataFolder::~DataFolder() {
    if (lock_ >= 0) ::close(lock_);
}

std::string DataFolder::open(const path& folder) {
    std::string problem = check_writable(folder, R_OK | W_OK | X_OK);
    for (const path& file : files_of(folder))
        if (problem.empty()) problem = check_writable(file, R_OK | W_OK);
    if (!problem.empty()) return problem;
    const path file = folder / lock_name;
    lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock_ < 0) return failure(file, "cannot be made");
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) {
        write_holder(lock_);
        return {};
    }
    if (errno != EWOULDBLOCK) return failure(file, "cannot be locked");
    return folder.string() + " is in use by another gatepost" + holder_of(lock_) +
           ": stop that one, or give this one a data_dir of its own";
}

}  // namespace gatepost::server
