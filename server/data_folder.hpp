// The folder of the server's state, `data_dir`: for one process at a time, and every file in it for whoever
// the server runs as. A database that root made once and that the server may only read would lose every row.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace gatepost::server {

// Makes the folder where it is missing, for its user alone. Those above it are for all to pass through, as a
// package manager makes them: process.user must get by. The problem, or nothing.
std::error_code make_data_folder(const std::filesystem::path& folder);

// While we are root, before rights are given up: files of ours in `folder` that root has made become `user`'s
// and `group`'s (empty: the user's own). A user that there is not is nothing of ours. The problem, or empty.
std::string hand_over_files(const std::filesystem::path& folder, const std::string& user,
                            const std::string& group);

// With the rights that the server keeps.
class DataFolder {
  public:
    DataFolder() = default;
    DataFolder(DataFolder&& other) noexcept;
    DataFolder& operator=(DataFolder&& other) noexcept;
    ~DataFolder();

    // Takes the folder for this process until the object goes; looks whether all files of ours can be
    // written. The problem with its remedy, or empty.
    std::string open(const std::filesystem::path& folder);

  private:
    int lock_ = -1;
};

}  // namespace gatepost::server
