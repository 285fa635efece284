// What a judgement keeps of a message that comes.
#include "server/judgement.hpp"

#include "tests/support/run.hpp"

#include "dns/zone_resolver.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace gatepost::server {
namespace {

class JudgementTest : public testing::Test {
  protected:
    void add(const std::string& octets) { tests::run(context_, add_header(octets)); }
    boost::asio::awaitable<bool> add_header(std::string octets) {
        co_await judgement_.add_header(octets);
        co_return true;
    }

    boost::asio::io_context context_;
    config::Config config_;
    policy::Facts facts_;
    Judgement judgement_{context_.get_executor(), std::make_shared<dns::ZoneResolver>(), config_, facts_};
};

constexpr std::size_t little = 1000;

// A client whose share was used up in the middle of a header kept the octets, and was charged for none.
TEST_F(JudgementTest, keeps_no_header_that_was_given_up) {
    add("X: " + std::string(100 * little, 'x'));
    EXPECT_GT(judgement_.room_of_header(), 100 * little);
    judgement_.give_up();
    EXPECT_LT(judgement_.room_of_header(), little);
}

TEST_F(JudgementTest, keeps_no_header_that_is_too_large) {
    add("X: " + std::string(config_.limits.header_size / 2, 'x'));
    EXPECT_GT(judgement_.room_of_header(), little);
    add(std::string(config_.limits.header_size, 'x'));
    EXPECT_TRUE(judgement_.is_header_too_large());
    EXPECT_LT(judgement_.room_of_header(), little);
}

}  // namespace
}  // namespace gatepost::server
