#include "server/file_stamps.hpp"

#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

namespace gatepost::server {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary) << text;
}

TEST(FileStamps, see_each_way_to_change_a_file) {
    const tests::TemporaryFolder folder;
    const fs::path file = folder.path() / "file";
    const fs::path link = folder.path() / "link";
    write(file, "one");
    fs::create_symlink(file, link);
    const std::pair<const char*, std::function<void()>> changes[] = {
        {"another size",
         [&] {
             write(file, "three");
         }},
        {"another time",
         [&] {
             fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(1));
         }},
        {"renamed into place",
         [&] {
             const auto time = fs::last_write_time(file);
             write(folder.path() / "new", "seven");
             fs::last_write_time(folder.path() / "new", time);
             fs::rename(folder.path() / "new", file);
         }},
        {"another target",
         [&] {
             write(folder.path() / "target", "target");
             fs::remove(link);
             fs::create_symlink(folder.path() / "target", link);
         }},
        {"gone",
         [&] {
             fs::remove(link);
         }},
    };
    for (const auto& [what, change] : changes) {
        const FileStamps before({link, fs::path()});
        EXPECT_EQ(before.now(), before) << what;
        change();
        EXPECT_NE(before.now(), before) << what;
    }
}

}  // namespace
}  // namespace gatepost::server
