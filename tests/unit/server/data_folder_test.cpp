// The folder of the state: one process at a time, and nothing in it that cannot be written.
#include "server/data_folder.hpp"

#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>

namespace gatepost::server {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file) {
    std::ofstream(file) << "x";
}

uid_t owner_of(const fs::path& file) {
    struct stat found {};
    EXPECT_EQ(::lstat(file.c_str(), &found), 0);
    return found.st_uid;
}

// What `body` gives in a child that has become nobody.
std::string as_nobody(const std::function<std::string()>& body) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const bool changed = ::setresgid(65534, 65534, 65534) == 0 && ::setresuid(65534, 65534, 65534) == 0;
        const std::string text = changed ? body() : "cannot become nobody";
        const ssize_t written = ::write(ends[1], text.data(), text.size());
        ::_exit(written < 0);
    }
    ::close(ends[1]);
    std::string text(4096, '\0');
    const ssize_t octets = ::read(ends[0], text.data(), text.size());
    text.resize(octets > 0 ? static_cast<std::size_t>(octets) : 0);
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return text;
}

mode_t mode_of(const fs::path& file) {
    struct stat found {};
    EXPECT_EQ(::stat(file.c_str(), &found), 0);
    return found.st_mode & 07777;
}

// Under the umask of the server process.user could not get to its folder past one of root's.
TEST(DataFolder, IsMadeWithFoldersAboveThatAllMayPass) {
    const tests::TemporaryFolder folder;
    const mode_t before = ::umask(077);
    EXPECT_FALSE(make_data_folder(folder.path() / "above" / "middle" / "data"));
    EXPECT_FALSE(make_data_folder(folder.path() / "other" / "data" / ""));
    EXPECT_FALSE(make_data_folder(folder.path()));
    EXPECT_EQ(::umask(before), 077U);
    EXPECT_EQ(mode_of(folder.path() / "above"), 0755U);
    EXPECT_EQ(mode_of(folder.path() / "above" / "middle"), 0755U);
    EXPECT_EQ(mode_of(folder.path() / "above" / "middle" / "data"), 0700U);
    EXPECT_EQ(mode_of(folder.path() / "other" / "data"), 0700U);
    write(folder.path() / "file");
    EXPECT_TRUE(make_data_folder(folder.path() / "file" / "data"));
}

TEST(DataFolder, IsForOneProcessAtATime) {
    const tests::TemporaryFolder folder;
    const std::string in_use = folder.path().string() + " is in use by another gatepost (process " +
                               std::to_string(::getpid()) +
                               "): stop that one, or give this one a data_dir of its own";
    {
        DataFolder first;
        EXPECT_EQ(first.open(folder.path()), "");
        EXPECT_EQ(DataFolder().open(folder.path()), in_use);
        DataFolder moved = std::move(first);
        EXPECT_EQ(DataFolder().open(folder.path()), in_use);
    }
    EXPECT_EQ(DataFolder().open(folder.path()), "");  // a file that is left behind is no lock
}

TEST(DataFolder, TellsWhatCannotBeWritten) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make files of others";
    const tests::TemporaryFolder folder;
    ASSERT_EQ(::chown(folder.path().c_str(), 65534, 65534), 0);
    const auto open = [&] {
        return DataFolder().open(folder.path());
    };
    EXPECT_EQ(as_nobody(open), "");
    const std::string remedy =
        " belongs to root and cannot be written by nobody: chown -R nobody " + folder.path().string();
    for (const auto* name : {"state.sqlite3", "state.sqlite3-wal", "state.sqlite3-shm", "lock"}) {
        fs::remove(folder.path() / name);
        write(folder.path() / name);
        ASSERT_EQ(::chmod((folder.path() / name).c_str(), 0644), 0);
        EXPECT_EQ(as_nobody(open), (folder.path() / name).string() + remedy);
        fs::remove(folder.path() / name);
    }
    ASSERT_EQ(::chown(folder.path().c_str(), 0, 0), 0);
    EXPECT_EQ(as_nobody(open), folder.path().string() + remedy);
}

TEST(DataFolder, HandsOverWhatRootHasMade) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    const tests::TemporaryFolder folder;
    const fs::path database = folder.path() / "state.sqlite3";
    const fs::path secret = folder.path() / "secret";
    write(database);
    write(secret);
    write(folder.path() / "notes");
    fs::create_symlink(secret, folder.path() / "state.sqlite3-wal");
    fs::create_hard_link(secret, folder.path() / "lock");
    EXPECT_NE(hand_over_files(folder.path(), "nobody", ""), "") << "a link is not followed, and told";
    EXPECT_EQ(owner_of(database), 65534U);
    EXPECT_EQ(owner_of(secret), 0U);
    fs::remove(folder.path() / "state.sqlite3-wal");
    EXPECT_EQ(hand_over_files(folder.path(), "nobody", ""), "");
    EXPECT_EQ(owner_of(secret), 0U) << "a file with another name may be anybody's";
    EXPECT_EQ(owner_of(folder.path() / "notes"), 0U);
    // Of a third one: not ours to give.
    ASSERT_EQ(::chown(database.c_str(), 1, 1), 0);
    EXPECT_EQ(hand_over_files(folder.path(), "nobody", ""), "");
    EXPECT_EQ(owner_of(database), 1U);
    EXPECT_EQ(hand_over_files(folder.path(), "", ""), "");
    EXPECT_EQ(hand_over_files(folder.path(), "no-such-user", ""), "");
}

}  // namespace
}  // namespace gatepost::server
