#include "dns/zone_budget.hpp"

#include "tests/support/run.hpp"

#include "dns/caching_resolver.hpp"
#include "dns/client_budget.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

TEST(ZoneOf, is_what_one_owner_has) {
    struct Case {
        std::string_view name, zone;
    };
    for (const auto& [asked, zone] :
         {Case{"example.com", "example.com"}, Case{"a.b.example.com", "example.com"}, Case{"com", "com"},
          Case{"_dmarc.mail.example.co.uk", "example.co.uk"}, Case{"co.uk", "co.uk"},
          Case{"mail.db.de", "db.de"}, Case{"a.co.example", "co.example"},
          Case{"9.2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa"},
          Case{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
               "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"}})
        EXPECT_EQ(zone_of(name(asked)).text(), zone) << asked;
}

TEST(ZoneBudgets, bound_a_client_and_a_zone_in_a_window) {
    ZoneBudgets budgets{ZoneBudgets::Limits()};
    const auto take = [&](std::string_view client, std::string_view zone, int count, TimePoint now) {
        int taken = 0;
        for (int i = 0; i < count; ++i)
            taken += budgets.take(address(client), name(zone), now) ? 1 : 0;
        return taken;
    };
    const TimePoint start(1h);
    EXPECT_EQ(take("192.0.2.1", "victim.example", 3000, start), 500);
    EXPECT_EQ(take("192.0.2.1", "other.example", 3000, start), 500);
    EXPECT_EQ(take("192.0.2.2", "victim.example", 3000, start), 500);
    EXPECT_EQ(take("192.0.2.1", "victim.example", 3000, start + 6s), 50) << "eight a second";
    EXPECT_EQ(take("192.0.2.1", "victim.example", 3000, start + 66s), 500);
    budgets.give_back(address("192.0.2.1"), name("victim.example"), 40);
    EXPECT_EQ(take("192.0.2.1", "victim.example", 3000, start + 66s), 40);
    EXPECT_GT(budgets.refusals(), 0U);
}

TEST(ZoneBudgets, take_bounded_memory) {
    ZoneBudgets::Limits limits;
    limits.most = 100;
    ZoneBudgets budgets(limits);
    const TimePoint start(1h);
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(budgets.take(address("192.0.2.1"), name(std::to_string(i) + ".example"), start));
    EXPECT_EQ(budgets.size(), 100U);
    budgets.take(address("192.0.2.1"), name("late.example"), start + 2s);
    EXPECT_EQ(budgets.size(), 1U) << "the others owe nothing any more";
}

class Absences final : public Resolver {
  public:
    asio::awaitable<AnswerPtr> query(DomainName, RrType) override {
        ++asked;
        auto answer = std::make_shared<Answer>();
        answer->outcome = Outcome::nx_domain;
        co_return answer;
    }
    int asked = 0;
};

struct World {
    asio::io_context context;
    Absences upstream;
    NowFunction now = [] {
        return TimePoint(1h);
    };
    CachingResolver caching{context.get_executor(), upstream, std::make_shared<Cache>(10'000), now};
    std::shared_ptr<ClientBudgets> budgets = std::make_shared<ClientBudgets>(nullptr);

    // A message whose records lead to so many names of the zone. Whether all its questions were asked.
    bool ask(ClientBudgetResolver& message, int number, int questions) {
        bool all = true;
        for (int i = 0; i < questions; ++i) {
            const DomainName asked =
                name(std::to_string(number) + "-" + std::to_string(i) + ".victim.example");
            all = all && !tests::run(context, message.query(asked, RrType::a))->failed();
        }
        return all;
    }
};

// 57 questions to a third party for each MAIL of forty octets.
TEST(ZoneBudgets, bound_what_a_flood_of_mail_asks_a_third_party) {
    World world;
    Trouble trouble{};
    for (int mail = 0; mail < 1000; ++mail) {
        ClientBudgetResolver message(world.caching, world.budgets, address("192.0.2.66"), world.now);
        world.ask(message, mail, 57);
        trouble = tests::run(world.context, message.query(name("last.victim.example"), RrType::a))->trouble;
    }
    EXPECT_EQ(world.upstream.asked, 500);
    EXPECT_EQ(trouble, Trouble::client_spent);
    ClientBudgetResolver other(world.caching, world.budgets, address("192.0.2.1"), world.now);
    EXPECT_TRUE(world.ask(other, 1001, 214)) << "the whole check of one message of another client";
}

// One host sends for thousands of customers below one name: what an accepted message asked is given back.
TEST(ZoneBudgets, never_hold_up_who_sends_good_mail) {
    World world;
    for (int mail = 0; mail < 1000; ++mail) {
        ClientBudgetResolver message(world.caching, world.budgets, address("192.0.2.1"), world.now);
        ASSERT_TRUE(world.ask(message, mail, 57)) << mail;
        message.give_back_zones();
    }
    EXPECT_EQ(world.budgets->counts().zone_refusals, 0U);
}

}  // namespace
}  // namespace gatepost::dns
