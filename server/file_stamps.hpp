// Whether files are still the ones that were read: by their time, size and place on disk, without reading
// them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace gatepost::server {

class FileStamps {
  public:
    // Takes the stamps of now: call it before the files are read. Empty paths are left out.
    explicit FileStamps(const std::vector<std::filesystem::path>& files);
    FileStamps now() const;
    friend bool operator==(const FileStamps&, const FileStamps&) = default;

  private:
    struct Stamp {
        std::filesystem::path file;
        std::int64_t modified = 0;  // nanoseconds
        std::int64_t changed = 0;   // likewise: also where times were set by hand
        std::uint64_t inode = 0;    // 0: no file
        std::int64_t size = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    std::vector<Stamp> stamps_;
};

}  // namespace gatepost::server
