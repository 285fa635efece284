#include "server/spooled_body.hpp"

#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include "server/outgoing_message.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <semaphore>
#include <thread>

namespace gatepost::server {
namespace {

std::string read_all(const SpooledBody& body) {
    std::string all;
    std::string buffer;
    std::string_view octets;
    while (all.size() < body.size() && body.read_at(all.size(), buffer, octets) && !octets.empty())
        all += octets;
    return all;
}

TEST(SpooledBody, keeps_its_octets_in_memory_and_on_disk) {
    const tests::TemporaryFolder folder;
    for (const std::size_t chunk : {1000UL, 65'537UL, 2'000'000UL}) {
        SharedBudget budget(10'000'000);
        SharedBudget disk(100'000'000);
        FilePool files(1);
        {
            Share share(budget);
            Share disk_share(disk);
            SpooledBody body(share, disk_share, files, folder.path());
            std::string expected;
            for (int i = 0; expected.size() < 3'000'000; ++i) {
                const std::string octets(chunk, static_cast<char>('a' + i % 26));
                ASSERT_TRUE(tests::run(body.append(octets)));
                expected += octets;
            }
            EXPECT_FALSE(body.is_in_memory());
            EXPECT_EQ(body.size(), expected.size());
            EXPECT_TRUE(read_all(body) == expected);
            EXPECT_EQ(budget.used(), 0U);
            EXPECT_EQ(disk.used(), body.size());                    // what went to disk was given back
            EXPECT_TRUE(std::filesystem::is_empty(folder.path()));  // nothing to be left behind
        }
        EXPECT_EQ(budget.used(), 0U);
    }
}

TEST(SpooledBody, takes_no_more_memory_than_there_is) {
    const tests::TemporaryFolder folder;
    SharedBudget budget(100);
    SharedBudget disk(100'000'000);
    FilePool files(1);
    {
        Share share(budget);
        Share disk_share(disk);
        SpooledBody body(share, disk_share, files, folder.path());
        EXPECT_TRUE(tests::run(body.append(std::string(60, 'a'))));
        EXPECT_TRUE(body.is_in_memory());
        EXPECT_EQ(budget.used(), 60U);
        EXPECT_TRUE(tests::run(body.append(std::string(60, 'b'))));  // to disk, and gives back what it had
        EXPECT_FALSE(body.is_in_memory());
        EXPECT_EQ(budget.used(), 0U);
        EXPECT_EQ(disk.used(), 120U);
        EXPECT_EQ(read_all(body), std::string(60, 'a') + std::string(60, 'b'));
    }
    EXPECT_EQ(budget.used(), 0U);
}

TEST(SpooledBody, takes_no_more_of_the_disk_than_its_share) {
    const tests::TemporaryFolder folder;
    SharedBudget budget(100);
    SharedBudget disk(1'000'000);
    FilePool files(1);
    Share share(budget);
    Share disk_share(disk);
    SpooledBody body(share, disk_share, files, folder.path());
    EXPECT_TRUE(tests::run(body.append(std::string(150'000, 'a'))));
    EXPECT_FALSE(tests::run(body.append(std::string(150'000, 'b'))));  // past a client's part
    EXPECT_NE(body.problem().find("share of temporary files"), std::string::npos);
    EXPECT_FALSE(tests::run(body.append("c")));
    EXPECT_EQ(disk.used(), 150'000U);
}

TEST(SpooledBody, tells_when_the_disk_cannot_take_it) {
    SharedBudget budget(10'000'000);
    SharedBudget disk(100'000'000);
    FilePool files(1);
    Share share(budget);
    Share disk_share(disk);
    SpooledBody body(share, disk_share, files, "/nonexistent/folder");
    EXPECT_FALSE(tests::run(body.append(std::string(2'000'000, 'a'))));
    EXPECT_NE(body.problem().find("/nonexistent/folder"), std::string::npos);
    EXPECT_FALSE(tests::run(body.append("c")));  // incomplete for good
}

// The temporary files of the folder that are open, and so still have their blocks.
std::size_t open_files(const std::filesystem::path& folder) {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto file = std::filesystem::read_symlink(entry.path(), gone);
        if (!gone && file.string().starts_with(folder.string() + '/')) ++found;
    }
    return found;
}

// A worker stood still while the blocks of a large file were freed: close() is the pool's work.
class ClosingOfSpooledBody : public testing::Test {
  protected:
    // A body of 2 MB in a file, which comes and goes while the pool's only thread is busy.
    void spool_while_the_pool_is_busy() {
        Share share(budget_);
        Share disk_share(disk_, &holder_);
        const auto client = dns::IpAddress::parse("192.0.2.1");
        disk_share.belongs_to(*client, false);
        SpooledBody body(share, disk_share, files_, folder_.path());
        ASSERT_TRUE(tests::run(body.append(std::string(2'000'000, 'a'))));
        ASSERT_EQ(open_files(folder_.path()), 1U);
        auto busy = [this] {
            begun_.release();
            go_on_.acquire();
        };
        boost::asio::co_spawn(context_, files_.run({}, busy), boost::asio::detached);
        context_.poll();
        begun_.acquire();
    }
    struct NeverAsked final : ShareHolder {
        void evict() noexcept override { ADD_FAILURE() << "the message is gone"; }
    };

    const tests::TemporaryFolder folder_;
    NeverAsked holder_;
    SharedBudget budget_{10'000'000};
    SharedBudget disk_{100'000'000};
    FilePool files_{1};
    boost::asio::io_context context_;
    std::binary_semaphore begun_{0};
    std::binary_semaphore go_on_{0};
};

TEST_F(ClosingOfSpooledBody, is_on_the_pool_and_charged_until_then) {
    spool_while_the_pool_is_busy();
    EXPECT_EQ(open_files(folder_.path()), 1U);
    EXPECT_EQ(disk_.used(), 2'000'000U);
    disk_.make_room(std::chrono::steady_clock::now() + std::chrono::hours(24));  // nobody is left to be asked
    go_on_.release();
    for (int i = 0; i < 500 && disk_.used() != 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(disk_.used(), 0U);
    EXPECT_EQ(open_files(folder_.path()), 0U);
    files_.stop();
}

TEST_F(ClosingOfSpooledBody, is_not_lost_where_the_pool_stops_first) {
    spool_while_the_pool_is_busy();
    std::thread later([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        go_on_.release();
    });
    files_.stop();
    later.join();
    EXPECT_EQ(open_files(folder_.path()), 0U);
    EXPECT_EQ(disk_.used(), 0U);
}

TEST_F(ClosingOfSpooledBody, is_in_place_after_the_pool_has_stopped) {
    {
        Share share(budget_);
        Share disk_share(disk_);
        SpooledBody body(share, disk_share, files_, folder_.path());
        ASSERT_TRUE(tests::run(body.append(std::string(2'000'000, 'a'))));
        files_.stop();
    }
    EXPECT_EQ(open_files(folder_.path()), 0U);
    EXPECT_EQ(disk_.used(), 0U);
}

TEST(OutgoingMessage, changes_nothing_but_what_is_removed) {
    const tests::TemporaryFolder folder;
    SharedBudget budget(1000);
    SharedBudget disk(100'000'000);
    FilePool files(1);
    Share share(budget);
    Share disk_share(disk);
    const SpooledBody body(share, disk_share, files, folder.path());
    const std::string_view text = "A: 1\r\nX-Bad: 2\r\n  folded\r\nB: \xff 3\r\nx-bad:4\r\n\r\n";
    const auto header = auth::HeaderBlock::parse(std::string(text));
    const auto joined = [&](const std::function<bool(const auth::HeaderField&)>& remove) {
        std::vector<std::string_view> removed;
        for (const auth::HeaderField& field : header->fields())
            if (remove(field)) removed.insert(removed.begin(), field.raw);
        const OutgoingMessage message("Top: 0\r\n", header, body, removed);
        std::string all;
        for (const std::string_view part : message.header_parts())
            all += part;
        return all;
    };
    EXPECT_EQ(joined([](const auto&) { return false; }), "Top: 0\r\n" + std::string(text));
    EXPECT_EQ(joined([](const auto& field) { return field.is("X-Bad"); }),
              "Top: 0\r\nA: 1\r\nB: \xff 3\r\n\r\n");
    EXPECT_EQ(joined([](const auto&) { return true; }), "Top: 0\r\n\r\n");
}

}  // namespace
}  // namespace gatepost::server
