#include "server/spooled_body.hpp"

#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include "server/outgoing_message.hpp"

#include <gtest/gtest.h>

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
    FilePool files(1);
    for (const std::size_t chunk : {1000UL, 65'537UL, 2'000'000UL}) {
        MemoryBudget budget(10'000'000);
        {
            SpooledBody body(budget, files, folder.path());
            std::string expected;
            for (int i = 0; expected.size() < 3'000'000; ++i) {
                const std::string octets(chunk, static_cast<char>('a' + i % 26));
                ASSERT_TRUE(tests::run(body.append(octets)));
                expected += octets;
            }
            EXPECT_FALSE(body.is_in_memory());
            EXPECT_EQ(body.size(), expected.size());
            EXPECT_TRUE(read_all(body) == expected);
            EXPECT_EQ(budget.used(), 0U);                           // what went to disk was given back
            EXPECT_TRUE(std::filesystem::is_empty(folder.path()));  // nothing to be left behind
        }
        EXPECT_EQ(budget.used(), 0U);
    }
}

TEST(SpooledBody, takes_no_more_memory_than_there_is) {
    const tests::TemporaryFolder folder;
    FilePool files(1);
    MemoryBudget budget(100);
    {
        SpooledBody body(budget, files, folder.path());
        EXPECT_TRUE(tests::run(body.append(std::string(60, 'a'))));
        EXPECT_TRUE(body.is_in_memory());
        EXPECT_EQ(budget.used(), 60U);
        EXPECT_TRUE(tests::run(body.append(std::string(60, 'b'))));  // to disk, and gives back what it had
        EXPECT_FALSE(body.is_in_memory());
        EXPECT_EQ(budget.used(), 0U);
        EXPECT_EQ(read_all(body), std::string(60, 'a') + std::string(60, 'b'));
    }
    EXPECT_EQ(budget.used(), 0U);
}

TEST(SpooledBody, tells_when_the_disk_cannot_take_it) {
    FilePool files(1);
    MemoryBudget budget(10'000'000);
    SpooledBody body(budget, files, "/nonexistent/folder");
    EXPECT_FALSE(tests::run(body.append(std::string(2'000'000, 'a'))));
    EXPECT_NE(body.problem().find("/nonexistent/folder"), std::string::npos);
    EXPECT_FALSE(tests::run(body.append("c")));  // incomplete for good
}

TEST(OutgoingMessage, changes_nothing_but_what_is_removed) {
    const tests::TemporaryFolder folder;
    FilePool files(1);
    MemoryBudget budget(1000);
    const SpooledBody body(budget, files, folder.path());
    const std::string_view text = "A: 1\r\nX-Bad: 2\r\n  folded\r\nB: \xff 3\r\nx-bad:4\r\n\r\n";
    const auto header = auth::HeaderBlock::parse(std::string(text));
    const auto joined = [&](const std::function<bool(const auth::HeaderField&)>& remove) {
        const OutgoingMessage message("Top: 0\r\n", header, body, remove);
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
