#include "server/file_stamps.hpp"

#include <sys/stat.h>

namespace gatepost::server {
namespace {

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileStamps::FileStamps(const std::vector<std::filesystem::path>& files) {
    for (const std::filesystem::path& file : files) {
        if (file.empty()) continue;
        Stamp stamp{file};
        struct stat found = {};
        if (::stat(file.c_str(), &found) == 0) {
            stamp.modified = nanoseconds(found.st_mtim);
            stamp.changed = nanoseconds(found.st_ctim);
            stamp.inode = found.st_ino;
            stamp.size = found.st_size;
        }
        stamps_.push_back(std::move(stamp));
    }
}

FileStamps FileStamps::now() const {
    std::vector<std::filesystem::path> files;
    for (const Stamp& stamp : stamps_)
        files.push_back(stamp.file);
    return FileStamps(files);
}

}  // namespace gatepost::server
