// A downstream server that refuses everybody has a slip in its access rules: when its refusals are held back,
// and when they are passed on again (PRODUCT.md, "Where a downstream has refused every recipient …").
#include "tests/support/failing_server.hpp"
#include "tests/support/relay_fixture.hpp"

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <string>

namespace gatepost::server::relay {
namespace {

using namespace std::chrono_literals;
using tests::FailingServer;
using tests::Fault;

const Fault denied{"RCPT", "554 5.7.1 access denied"};

class HeldRefusals : public tests::RelayFixture {
  protected:
    HeldRefusals() { begin_anew(); }

    // Nothing is known of the server but that it answers.
    void begin_anew() {
        pool.reset();
        state = std::make_shared<DownstreamState>(1);
        state->spoke(0, Capabilities());
        pool = std::make_unique<RelayPool>(
            context.get_executor(), std::vector<config::ServerDestination>{{"127.0.0.1", server.port()}},
            "mx.example", state);
    }

    FailingServer server{context, "250-PIPELINING\r\n"};
    std::shared_ptr<DownstreamState> state;
    std::unique_ptr<RelayPool> pool;
};

// A slip in its access rules: what it says to everybody is not passed on, until one is taken again.
TEST_F(HeldRefusals, holds_refusals_of_a_server_that_refuses_everybody) {
    server.fault = denied;
    const auto ask = [&](int number) {
        SmtpDelivery delivery(*pool, files);
        smtp::Envelope sender;
        sender.reverse_path =
            *smtp::parse_reverse_path("<s" + std::to_string(number) + "@client.example>").path;
        return run_one(delivery.add_recipient(sender, path("a@example.com")));
    };
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(ask(i)->wire(), "554 5.7.1 access denied\r\n");
    EXPECT_EQ(ask(20)->wire(), "451 4.3.5 the mail system behind refuses every recipient now\r\n");
    server.fault = {"MAIL", "550 5.7.1 you neither"};
    EXPECT_EQ(ask(21)->code(), 451);
    server.fault = {"RCPT", "450 4.2.0 later"};
    EXPECT_EQ(ask(22)->wire(), "450 4.2.0 later\r\n");
    auto counts = state->counts(std::chrono::steady_clock::now() + 24h);
    EXPECT_EQ(counts.events[static_cast<std::size_t>(DownstreamEvent::refusals_held)], 2U);
    EXPECT_EQ(counts.servers[0].trouble, "refuses every recipient: 554 5.7.1");
    server.fault = {};
    EXPECT_FALSE(ask(23));
    EXPECT_EQ(state->counts(std::chrono::steady_clock::now()).servers[0].trouble, "");
    server.fault = denied;
    EXPECT_EQ(ask(24)->code(), 554);
}

// What it keeps of the past is bounded: of many kinds of refusals the oldest go.
TEST(RefusalGuard, forgets_the_oldest_of_many_refusals) {
    RefusalGuard guard;
    const TimePoint now{};
    const auto refuse = [&](int sender, const std::string& enhanced) {
        return guard.refused("s" + std::to_string(sender) + "@client.example",
                             smtp::Reply(550, enhanced, "no"), now);
    };
    constexpr int just_too_few = RefusalGuard::transactions - 1;
    for (int i = 0; i < just_too_few; ++i)
        EXPECT_FALSE(refuse(i, "5.1.0"));
    for (int kind = 1; kind <= 8; ++kind)
        for (int i = 0; i < just_too_few; ++i)
            EXPECT_FALSE(refuse(i, "5.1." + std::to_string(kind)));
    EXPECT_FALSE(refuse(just_too_few, "5.1.0")) << "of the first ones some are gone";
    EXPECT_TRUE(refuse(just_too_few, "5.1.8"));
}

// A server that is stopped at once: the pool goes before the transactions' frames.
TEST_F(HeldRefusals, notes_refusals_when_the_pool_is_gone) {
    server.fault = denied;
    std::list<SmtpDelivery> deliveries;
    for (int i = 0; i < 20; ++i) {
        smtp::Envelope sender;
        sender.reverse_path = *smtp::parse_reverse_path("<s" + std::to_string(i) + "@client.example>").path;
        SmtpDelivery& delivery = deliveries.emplace_back(*pool, files);
        EXPECT_TRUE(run_one(delivery.add_recipient(sender, path("a@example.com"))));
    }
    pool.reset();
    deliveries.clear();
    EXPECT_TRUE(state->holds_refusals(0));
}

// One recipient taken, or refusals that differ: no slip.
TEST_F(HeldRefusals, counts_no_transaction_in_which_recipients_fare_differently) {
    for (const Fault& fault : {Fault{"RCPT", "554 5.7.1 no"}, Fault{"RCPT 2", "554 5.7.1 no"}}) {
        begin_anew();
        server.fault = fault;
        for (int i = 0; i < 25; ++i) {
            SmtpDelivery delivery(*pool, files);
            smtp::Envelope sender;
            sender.reverse_path =
                *smtp::parse_reverse_path("<s" + std::to_string(i) + "@client.example>").path;
            int refused = 0;
            for (const auto* recipient : {"a@example.com", "b@example.com"})
                refused += run_one(delivery.add_recipient(sender, path(recipient))) ? 1 : 0;
            EXPECT_EQ(refused, 1);
        }
        EXPECT_FALSE(state->holds_refusals(0));
    }
}

}  // namespace
}  // namespace gatepost::server::relay
