#include "dns/cache.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
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

AnswerPtr failure(Trouble trouble = Trouble::server_failure) {
    auto made = std::make_shared<Answer>();
    made->trouble = trouble;
    return made;
}

// As an ordinary sender's domain has it; with its name it takes about 930 octets of the cache.
AnswerPtr ordinary() {
    return answer(Outcome::success, seconds(3600), "v=spf1 include:_spf.mail.example -all");
}

bool is_known(Cache& cache, const std::string& text, TimePoint now) {
    return cache.find(name(text), RrType::txt, now).answer != nullptr;
}

struct TtlCase {
    std::string_view what;
    Outcome outcome;
    seconds ttl;
    seconds lives;  // found until then, not at it
    Trouble trouble = Trouble::server_failure;
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
        {"our server is away", Outcome::temp_error, seconds(0), seconds(1), Trouble::timeout},
        {"our server is away", Outcome::temp_error, seconds(0), seconds(1), Trouble::unreachable},
        {"the asker gave up", Outcome::temp_error, seconds(0), seconds(0), Trouble::cancelled},
    };
    const TimePoint start{};
    for (const TtlCase& c : cases) {
        Cache cache(100);
        const AnswerPtr kept =
            c.outcome == Outcome::temp_error ? failure(c.trouble) : answer(c.outcome, c.ttl);
        cache.complete(name("a.example"), RrType::txt, kept, start);
        if (c.lives > seconds(0)) {
            EXPECT_EQ(cache.find(name("a.example"), RrType::txt, start + c.lives - seconds(1)).answer, kept)
                << c.what;
        }
        EXPECT_EQ(cache.find(name("a.example"), RrType::txt, start + c.lives).answer, nullptr) << c.what;
    }
}

TEST(Cache, knows_that_what_does_not_exist_has_no_type) {
    Cache cache(100);
    const TimePoint now{};
    cache.complete(name("no.example"), RrType::txt, answer(Outcome::nx_domain), now);
    cache.complete(name("empty.example"), RrType::txt, answer(Outcome::no_data), now);
    EXPECT_NE(cache.find(name("no.example"), RrType::mx, now).answer, nullptr);
    EXPECT_EQ(cache.find(name("no.example"), RrType::cname, now).answer, nullptr);
    EXPECT_EQ(cache.find(name("empty.example"), RrType::mx, now).answer, nullptr);
}

// A flood of names that are asked for once, or twice by the same message, passes hot ones by.
TEST(Cache, a_flood_does_not_push_out_what_is_used) {
    for (const bool twice : {false, true}) {
        Cache cache(1000);
        TimePoint now{};
        const auto ask = [&](const std::string& text) {
            if (!is_known(cache, text, now)) cache.complete(name(text), RrType::txt, ordinary(), now);
        };
        const auto ask_hot = [&] {
            for (int i = 0; i < 300; ++i)
                ask("hot" + std::to_string(i) + ".example");
        };
        ask_hot();
        now += seconds(60);
        ask_hot();
        for (int i = 0; i < 20'000; ++i) {
            ask("once" + std::to_string(i) + ".example");
            if (twice) ask("once" + std::to_string(i) + ".example");
        }
        int left = 0;
        for (int i = 0; i < 300; ++i)
            left += is_known(cache, "hot" + std::to_string(i) + ".example", now) ? 1 : 0;
        EXPECT_EQ(left, 300) << twice;
        EXPECT_LE(cache.statistics().octets, cache.statistics().capacity);
        EXPECT_GT(cache.statistics().octets, cache.statistics().capacity / 2);
    }
}

// What was pushed out too early is known when it comes again, and stays.
TEST(Cache, what_comes_again_is_kept) {
    Cache cache(1000);
    TimePoint now{};
    const auto flood = [&](int from, int count) {
        for (int i = from; i < from + count; ++i)
            cache.complete(name(std::to_string(i) + ".example"), RrType::txt, ordinary(), now);
    };
    const auto left = [&](int from, int count) {
        int known = 0;
        for (int i = from; i < from + count; ++i)
            known += is_known(cache, std::to_string(i) + ".example", now) ? 1 : 0;
        return known;
    };
    flood(10'000, 3000);
    flood(0, 50);
    flood(20'000, 1500);
    EXPECT_EQ(left(0, 50), 0);
    flood(0, 50);
    flood(30'000, 3000);
    EXPECT_GE(left(0, 50), 35);  // a mark may have made way for another
    EXPECT_EQ(left(30'000, 50), 0);
}

TEST(Cache, weighs_answers_in_octets) {
    Cache cache(100);
    const TimePoint now{};
    for (int i = 0; i < 50; ++i) {
        const AnswerPtr large = answer(Outcome::success, seconds(60), std::string(5'000, 'x'));
        cache.complete(name(std::to_string(i) + ".example"), RrType::txt, large, now);
    }
    EXPECT_EQ(cache.statistics().capacity, 100 * Cache::octets_per_entry);
    EXPECT_LE(cache.statistics().octets, cache.statistics().capacity);
    EXPECT_LE(cache.statistics().entries, 4U);
    EXPECT_GE(cache.statistics().entries, 1U);
    // What alone would take most of the room is not kept, and pushes nothing out.
    cache.complete(name("huge.example"), RrType::txt,
                   answer(Outcome::success, seconds(60), std::string(20'000, 'x')), now);
    EXPECT_FALSE(is_known(cache, "huge.example", now));
    EXPECT_GE(cache.statistics().entries, 1U);
}

// Failures beside what is known are paid for, too.
TEST(Cache, stays_within_its_bound_where_everything_fails) {
    Cache cache(200);
    TimePoint now{};
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 1000; ++i) {
            auto failed = std::make_shared<Answer>();
            failed->detail = std::string(300, 'x');
            const DomainName asked = name(std::to_string(i % 100) + ".example");
            cache.complete(asked, RrType::txt, i % 2 == 0 ? ordinary() : AnswerPtr(failed), now);
            EXPECT_LE(cache.statistics().octets, cache.statistics().capacity);
        }
        now += seconds(7200);
    }
    EXPECT_GT(cache.statistics().entries, 50U);
}

TEST(Cache, trouble_does_not_push_out_knowledge) {
    Cache cache(100);
    const TimePoint now{};
    cache.complete(name("a.example"), RrType::txt, answer(Outcome::success), now);
    cache.complete(name("a.example"), RrType::txt, failure(), now);
    EXPECT_TRUE(cache.find(name("a.example"), RrType::txt, now).answer->found());
}

TEST(Cache, a_failure_of_what_was_known_is_remembered_for_its_time) {
    Cache cache(100);
    TimePoint now{};
    cache.complete(name("a.example"), RrType::txt, answer(Outcome::success), now);
    now += seconds(60);
    EXPECT_FALSE(is_known(cache, "a.example", now));
    const AnswerPtr failed = failure();
    cache.complete(name("a.example"), RrType::txt, failed, now);
    EXPECT_EQ(cache.find(name("a.example"), RrType::txt, now + seconds(4)).answer, failed);
    EXPECT_FALSE(is_known(cache, "a.example", now + seconds(5)));
    cache.complete(name("a.example"), RrType::txt, answer(Outcome::success), now + seconds(5));
    EXPECT_TRUE(cache.find(name("a.example"), RrType::txt, now + seconds(5)).answer->found());
}

// RFC 8020 §2, where DNSSEC proved it; nowhere else.
TEST(Cache, nothing_lies_below_what_is_proven_not_to_exist) {
    struct Case {
        std::string_view what;
        bool authentic;
        bool aliased;
        Outcome outcome;
        bool cuts;
    };
    const Case cases[] = {
        {"proven", true, false, Outcome::nx_domain, true},
        {"said by a server that may mean an empty non-terminal (§5)", false, false, Outcome::nx_domain,
         false},
        {"of an alias's target (§2)", true, true, Outcome::nx_domain, false},
        {"an empty non-terminal (§3.1)", true, false, Outcome::no_data, false},
    };
    for (const Case& c : cases) {
        for (const std::size_t entries : {100U, 5000U}) {
            Cache cache(entries);
            const TimePoint now{};
            auto above = std::make_shared<Answer>();
            above->outcome = c.outcome;
            above->ttl = seconds(60);
            above->authentic_data = c.authentic;
            above->aliased = c.aliased;
            cache.complete(name("no.example"), RrType::txt, above, now);
            const auto asks = [&](std::string_view text, TimePoint when) {
                return cache.join(name(text), RrType::txt, when, [](const AnswerPtr&) {}).lead;
            };
            EXPECT_EQ(asks("a.no.example", now), !c.cuts) << c.what;
            EXPECT_EQ(asks("s1._domainkey.b.no.example", now), !c.cuts) << c.what;
            EXPECT_TRUE(asks("ano.example", now)) << c.what;
            EXPECT_TRUE(asks("other.example", now)) << c.what;
            EXPECT_TRUE(asks("c.no.example", now + seconds(60))) << c.what;
        }
    }
}

TEST(Cache, asks_anew_for_what_is_hot_before_it_expires) {
    Cache cache(100);
    const TimePoint start{};
    const DomainName asked = name("hot.example");
    const auto find = [&](int at) {
        return cache.find(asked, RrType::txt, start + seconds(at));
    };
    cache.complete(asked, RrType::txt, answer(Outcome::success, seconds(100)), start);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(find(50).refresh, 0U);
    const Cache::Found due = find(98);
    EXPECT_TRUE(due.answer->found());
    EXPECT_NE(due.refresh, 0U);
    EXPECT_EQ(find(99).refresh, 0U);  // it is on its way
    EXPECT_EQ(cache.statistics().in_flight, 1U);
    // Who asks when the answer has expired joins it.
    EXPECT_FALSE(cache.join(asked, RrType::txt, start + seconds(100), [](const AnswerPtr&) {}).lead);
    cache.complete(asked, RrType::txt, answer(Outcome::success, seconds(100)), start + seconds(101));
    EXPECT_EQ(find(195).refresh, 0U);  // used once since: not hot any more
    EXPECT_EQ(cache.statistics().prefetches, 1U);
}

TEST(Cache, does_not_ask_anew_for) {
    struct Case {
        std::string_view what;
        Outcome outcome;
        int ttl;
        int questions;  // before the last tenth
        bool fails;     // asking anew failed already
    };
    const Case cases[] = {
        {"what lives for a moment", Outcome::success, 9, 40, false},
        {"what is hardly used", Outcome::success, 100, 3, false},
        {"more than a sixteenth of the questions", Outcome::success, 100, 14, false},
        {"what just failed", Outcome::success, 100, 40, true},
    };
    for (const Case& c : cases) {
        Cache cache(100);
        const TimePoint start{};
        cache.complete(name("a.example"), RrType::txt, answer(c.outcome, seconds(c.ttl)), start);
        for (int i = 0; i < c.questions; ++i)
            EXPECT_EQ(cache.find(name("a.example"), RrType::txt, start).refresh, 0U) << c.what;
        if (c.fails) cache.complete(name("a.example"), RrType::txt, failure(), start);
        const Cache::Found last = cache.find(name("a.example"), RrType::txt, start + seconds(c.ttl - 1));
        ASSERT_NE(last.answer, nullptr) << c.what;
        EXPECT_TRUE(last.answer->found()) << c.what;
        EXPECT_EQ(last.refresh, 0U) << c.what;
    }
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
    EXPECT_EQ(cache.find(asked, RrType::txt, now).answer, nullptr);
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
    EXPECT_EQ(cache.find(name("a.example"), RrType::txt, now).answer, nullptr);
}

// A cache in a brownout that `replied(false)` begins and time ends.
struct Troubled {
    Troubled() {
        CacheOptions options;
        options.entries = 100;
        options.brownout = brownout;
        cache.emplace(options);
    }
    void begin_brownout() {
        for (int i = 0; i < 5; ++i)
            brownout->note_own(false, now + seconds(i));
        now += seconds(5);
        ASSERT_TRUE(brownout->active());
    }
    AnswerPtr find() { return cache->find(name("a.example"), RrType::txt, now).answer; }
    void complete(const AnswerPtr& given) { cache->complete(name("a.example"), RrType::txt, given, now); }

    TimePoint now{std::chrono::hours(1)};
    std::shared_ptr<Brownout> brownout = std::make_shared<Brownout>();
    std::optional<Cache> cache;
};

// RFC 8767 §5, §7: stale answers in brownout alone, where asking anew failed, and not for ever.
TEST(StaleAnswers, are_given_in_brownout_alone) {
    struct Case {
        std::string_view what;
        Outcome outcome;
        bool brownout;
        seconds expired_for;
        bool given;
    };
    const Case cases[] = {
        {"no brownout", Outcome::success, false, seconds(10), false},
        {"expired a moment ago", Outcome::success, true, seconds(10), true},
        {"almost a day", Outcome::success, true, seconds(86'000), true},
        {"more than a day", Outcome::success, true, seconds(86'401), false},
        {"an absence", Outcome::no_data, true, seconds(3'500), true},
        {"an absence, more than an hour", Outcome::no_data, true, seconds(3'601), false},
        {"NXDOMAIN", Outcome::nx_domain, true, seconds(3'500), true},
        {"NXDOMAIN, more than an hour", Outcome::nx_domain, true, seconds(3'601), false},
    };
    for (const Case& c : cases) {
        Troubled world;
        world.complete(answer(c.outcome, seconds(60)));
        world.now += seconds(60) + c.expired_for - seconds(c.brownout ? 5 : 0);
        if (c.brownout) world.begin_brownout();
        EXPECT_EQ(world.find(), nullptr) << c.what << ": nobody has tried to ask anew";
        Waiters waiters;
        const Cache::Joined joined =
            world.cache->join(name("a.example"), RrType::txt, world.now, waiters.waker(0));
        EXPECT_TRUE(joined.lead) << c.what;
        EXPECT_EQ(joined.has_stale, c.given) << c.what;
        world.complete(failure(Trouble::timeout));
        ASSERT_NE(waiters.woken[0], nullptr) << c.what;
        EXPECT_EQ(waiters.woken[0]->stale, c.given) << c.what;
        EXPECT_EQ(waiters.woken[0]->outcome, c.given ? c.outcome : Outcome::temp_error) << c.what;
        EXPECT_EQ(world.cache->statistics().stale_answers, c.given ? 1U : 0U) << c.what;
        if (!c.given) continue;
        EXPECT_EQ(waiters.woken[0]->ttl, seconds(30)) << c.what;  // RFC 8767 §4
        world.now += seconds(20);
        ASSERT_NE(world.find(), nullptr) << c.what << ": the failure is not old";
        EXPECT_TRUE(world.find()->stale) << c.what;
        world.now += seconds(10);
        EXPECT_EQ(world.find(), nullptr) << c.what << ": time to try again (RFC 8767 §5)";
    }
}

// Four addresses made a quiet server "not ready": their fifth network was nobody's.
TEST(Cache, hears_no_sign_of_a_brownout_in_what_it_asks_for_nobody) {
    for (const bool is_for_nobody : {true, false}) {
        Troubled world;
        const auto complete_all = [&](const AnswerPtr& given) {
            for (int i = 0; i < 10; ++i) {
                const IpAddress client = IpAddress::parse("198.18." + std::to_string(i) + ".1").value();
                world.cache->complete(name("a.zone" + std::to_string(i) + ".example"), RrType::txt, given,
                                      world.now, is_for_nobody ? nullptr : &client, is_for_nobody);
            }
        };
        complete_all(answer(Outcome::success, seconds(60)));
        world.now += seconds(50);
        complete_all(failure(Trouble::server_failure));
        world.brownout->note_own(true, world.now + seconds(5));  // looks again
        EXPECT_EQ(world.brownout->state().all_failing, is_for_nobody ? 0U : 10U);
        EXPECT_EQ(world.brownout->active(), !is_for_nobody);
    }
}

TEST(StaleAnswers, end_with_a_fresh_one) {
    Troubled world;
    world.complete(answer(Outcome::success, seconds(60)));
    world.now += seconds(100);
    world.begin_brownout();
    EXPECT_TRUE(world.cache->stale(name("a.example"), RrType::txt, world.now)->stale);
    world.complete(answer(Outcome::nx_domain, seconds(60)));
    EXPECT_EQ(world.find()->outcome, Outcome::nx_domain);
    EXPECT_FALSE(world.find()->stale);
    // The record is gone: what is stale from now on is its absence (RFC 8767 §4).
    world.now += seconds(70);
    for (int i = 0; i < 5; ++i)
        world.brownout->note_own(false, world.now + seconds(i));
    world.now += seconds(5);
    EXPECT_EQ(world.cache->stale(name("a.example"), RrType::txt, world.now)->outcome, Outcome::nx_domain);
}

TEST(StaleAnswers, never_of_what_may_not_be_kept) {
    Troubled world;
    world.complete(answer(Outcome::success, seconds(60)));
    world.complete(answer(Outcome::success, seconds(0)));
    world.begin_brownout();
    EXPECT_EQ(world.cache->stale(name("a.example"), RrType::txt, world.now), nullptr);
}

}  // namespace
}  // namespace gatepost::dns
