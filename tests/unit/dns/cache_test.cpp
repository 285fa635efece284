#include "dns/cache.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gatepost::dns {
namespace {

using std::chrono::seconds;

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

AnswerPtr answer(Outcome outcome, seconds ttl = seconds(60), std::string text = "x") {
    auto made = std::make_shared<Answer>();
    made->outcome = outcome;
    made->ttl = ttl;
    if (outcome == Outcome::success) made->records.emplace_back(std::move(text));
    return made;
}

struct TtlCase {
    std::string_view what;
    Outcome outcome;
    seconds ttl;
    seconds lives;  // found until then, not at it
};

TEST(Cache, keeps_each_kind_for_its_time) {
    const TtlCase cases[] = {
        {"positive", Outcome::success, seconds(60), seconds(60)},
        {"positive, a week", Outcome::success, seconds(604'800), seconds(86'400)},
        {"positive, zero (RFC 1035 §3.2.1)", Outcome::success, seconds(0), seconds(0)},
        {"NODATA (RFC 2308 §5)", Outcome::no_data, seconds(60), seconds(60)},
        {"NODATA, a day", Outcome::no_data, seconds(86'400), seconds(3'600)},
        {"NXDOMAIN", Outcome::nx_domain, seconds(60), seconds(60)},
        {"an absence without SOA", Outcome::nx_domain, seconds(0), seconds(0)},
        {"failure (RFC 2308 §7)", Outcome::temp_error, seconds(0), seconds(5)},
    };
    const TimePoint start{};
    for (const TtlCase& c : cases) {
        Cache cache(100);
        const AnswerPtr kept = answer(c.outcome, c.ttl);
        cache.complete(name("a.example"), RrType::txt, kept, start);
        if (c.lives > seconds(0)) {
            EXPECT_EQ(cache.find(name("a.example"), RrType::txt, start + c.lives - seconds(1)), kept)
                << c.what;
        }
        EXPECT_EQ(cache.find(name("a.example"), RrType::txt, start + c.lives), nullptr) << c.what;
        EXPECT_EQ(cache.statistics().entries, 0U) << c.what;
    }
}

TEST(Cache, knows_that_what_does_not_exist_has_no_type) {
    Cache cache(100);
    const TimePoint now{};
    cache.complete(name("no.example"), RrType::txt, answer(Outcome::nx_domain), now);
    cache.complete(name("empty.example"), RrType::txt, answer(Outcome::no_data), now);
    EXPECT_NE(cache.find(name("no.example"), RrType::mx, now), nullptr);
    EXPECT_EQ(cache.find(name("no.example"), RrType::cname, now), nullptr);
    EXPECT_EQ(cache.find(name("empty.example"), RrType::mx, now), nullptr);
}

TEST(Cache, drops_what_was_used_least_recently) {
    Cache cache(3);
    const TimePoint now{};
    for (const auto* text : {"a.example", "b.example", "c.example"})
        cache.complete(name(text), RrType::txt, answer(Outcome::success), now);
    EXPECT_NE(cache.find(name("a.example"), RrType::txt, now), nullptr);
    cache.complete(name("d.example"), RrType::txt, answer(Outcome::success), now);
    EXPECT_NE(cache.find(name("a.example"), RrType::txt, now), nullptr);
    EXPECT_EQ(cache.find(name("b.example"), RrType::txt, now), nullptr);
    EXPECT_EQ(cache.statistics().entries, 3U);
}

TEST(Cache, weighs_large_answers) {
    Cache cache(100);
    const TimePoint now{};
    for (int i = 0; i < 50; ++i) {
        const AnswerPtr large = answer(Outcome::success, seconds(60), std::string(10'000, 'x'));
        cache.complete(name(std::to_string(i) + ".example"), RrType::txt, large, now);
    }
    EXPECT_LE(cache.statistics().entries, 5U);
    EXPECT_GE(cache.statistics().entries, 1U);
    // What alone outweighs the cache is not kept, and pushes nothing out.
    cache.complete(name("huge.example"), RrType::txt,
                   answer(Outcome::success, seconds(60), std::string(65'000, 'x')), now);
    EXPECT_EQ(cache.find(name("huge.example"), RrType::txt, now), nullptr);
    EXPECT_GE(cache.statistics().entries, 1U);
}

TEST(Cache, trouble_does_not_push_out_knowledge) {
    Cache cache(100);
    const TimePoint now{};
    cache.complete(name("a.example"), RrType::txt, answer(Outcome::success), now);
    cache.complete(name("a.example"), RrType::txt, answer(Outcome::temp_error), now);
    EXPECT_TRUE(cache.find(name("a.example"), RrType::txt, now)->found());
}

struct Waiters {
    std::vector<AnswerPtr> woken = std::vector<AnswerPtr>(4);
    Cache::Waker waker(std::size_t which) {
        return [this, which](const AnswerPtr& given) {
            woken[which] = given;
        };
    }
};

TEST(Cache, joins_questions_in_flight) {
    Cache cache(100, seconds(6));
    Waiters waiters;
    const TimePoint now{};
    const DomainName asked = name("a.example");
    const Cache::Joined leader = cache.join(asked, RrType::txt, now, waiters.waker(0));
    const Cache::Joined second = cache.join(asked, RrType::txt, now, waiters.waker(1));
    const Cache::Joined third = cache.join(asked, RrType::txt, now, waiters.waker(2));
    const Cache::Joined other_type = cache.join(asked, RrType::mx, now, waiters.waker(3));
    EXPECT_TRUE(leader.lead);
    EXPECT_FALSE(second.lead);
    EXPECT_TRUE(other_type.lead);
    EXPECT_EQ(cache.statistics().in_flight, 2U);

    cache.leave(asked, RrType::txt, third.waiter);
    const AnswerPtr given = answer(Outcome::success, seconds(0));
    cache.complete(asked, RrType::txt, given, now);
    EXPECT_EQ(waiters.woken[0], given);
    EXPECT_EQ(waiters.woken[1], given);
    EXPECT_EQ(waiters.woken[2], nullptr);
    EXPECT_EQ(waiters.woken[3], nullptr);
    EXPECT_EQ(cache.statistics().in_flight, 1U);
    EXPECT_EQ(cache.statistics().joins, 2U);
}

TEST(Cache, gives_an_answer_that_came_between) {
    Cache cache(100);
    Waiters waiters;
    const TimePoint now{};
    cache.complete(name("a.example"), RrType::txt, answer(Outcome::success), now);
    const Cache::Joined joined = cache.join(name("a.example"), RrType::txt, now, waiters.waker(0));
    EXPECT_NE(joined.answer, nullptr);
    EXPECT_FALSE(joined.lead);
    EXPECT_EQ(cache.statistics().in_flight, 0U);
}

TEST(Cache, an_abandoned_flight_fails_and_is_not_kept) {
    Cache cache(100);
    Waiters waiters;
    const TimePoint now{};
    const DomainName asked = name("a.example");
    const Cache::Joined leader = cache.join(asked, RrType::txt, now, waiters.waker(0));
    cache.abandon(asked, RrType::txt, leader.flight);
    ASSERT_NE(waiters.woken[0], nullptr);
    EXPECT_TRUE(waiters.woken[0]->failed());
    EXPECT_EQ(cache.find(asked, RrType::txt, now), nullptr);
    EXPECT_TRUE(cache.join(asked, RrType::txt, now, waiters.waker(1)).lead);
}

TEST(Cache, a_lost_leader_is_replaced) {
    Cache cache(100, seconds(6));
    Waiters waiters;
    const TimePoint start{};
    const DomainName asked = name("a.example");
    const Cache::Joined lost = cache.join(asked, RrType::txt, start, waiters.waker(0));
    EXPECT_FALSE(cache.join(asked, RrType::txt, start + seconds(5), waiters.waker(1)).lead);
    EXPECT_TRUE(cache.join(asked, RrType::txt, start + seconds(6), waiters.waker(2)).lead);
    // The lost one's end does not touch its successor's flight.
    cache.abandon(asked, RrType::txt, lost.flight);
    EXPECT_EQ(cache.statistics().in_flight, 1U);
    cache.complete(asked, RrType::txt, answer(Outcome::success), start + seconds(7));
    for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_NE(waiters.woken[i], nullptr);
        EXPECT_TRUE(waiters.woken[i]->found());
    }
}

TEST(Cache, without_room_still_joins) {
    Cache cache(0);
    Waiters waiters;
    const TimePoint now{};
    EXPECT_TRUE(cache.join(name("a.example"), RrType::txt, now, waiters.waker(0)).lead);
    cache.complete(name("a.example"), RrType::txt, answer(Outcome::success), now);
    EXPECT_TRUE(waiters.woken[0]->found());
    EXPECT_EQ(cache.find(name("a.example"), RrType::txt, now), nullptr);
}

}  // namespace
}  // namespace gatepost::dns
